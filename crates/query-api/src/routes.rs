//! The one table of what there is under `/api/v1`, who may ask for it and who answers.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::{Error, HttpMessage, HttpResponse, ResponseError, Route, Scope, web};

use crate::auth::{Access, Caller};
use crate::handlers::{
    account, backlog, calendar, conservation, dead_letters, details, explanation, jobs, missed, network,
    snapshots, sync_status, unallocated,
};
use crate::problem::Problem;
use crate::state::Api;

/// Under which path it all stands.
pub const PREFIX: &str = "/api/v1";

/// What may be asked for. Every route answers to GET.
#[derive(Debug, Clone, Copy)]
pub struct Endpoint {
    /// The path under [`PREFIX`].
    pub path: &'static str,
    /// Who may ask.
    pub access: Access,
    handler: fn() -> Route,
}

/// All of it.
#[rustfmt::skip]
pub const ENDPOINTS: [Endpoint; 20] = [
    get("/contributions/{accountSequence}",             Access::Own,       || web::get().to(account::get)),
    get("/contributions/{accountSequence}/details",     Access::Own,       || web::get().to(details::get)),
    get("/contributions/{accountSequence}/details.csv", Access::Own,       || web::get().to(details::csv)),
    get("/contributions/{accountSequence}/as-of/{date}", Access::Own,      || web::get().to(calendar::as_of)),
    get("/contributions/{accountSequence}/calendar",    Access::Own,       || web::get().to(calendar::calendar)),
    get("/network/total",                               Access::Services,  || web::get().to(network::total)),
    get("/system-accounts",                             Access::Services,  || web::get().to(network::system_accounts)),
    get("/unallocated",                                 Access::Services,  || web::get().to(unallocated::list)),
    get("/adoptions",                                   Access::Services,  || web::get().to(backlog::list)),
    get("/adoptions/{originalAdoptionId}/explanation",  Access::Services,  || web::get().to(explanation::get)),
    get("/snapshots",                                   Access::Services,  || web::get().to(snapshots::list)),
    get("/snapshots/{date}",                            Access::Services,  || web::get().to(snapshots::get)),
    get("/snapshots/{date}/drift",                      Access::Services,  || web::get().to(snapshots::drift)),
    get("/snapshots/{date}/accounts/{accountSequence}", Access::Own,       || web::get().to(snapshots::line)),
    get("/snapshots/{date}/accounts/{accountSequence}/proof", Access::Own, || web::get().to(snapshots::proof)),
    get("/missed",                                      Access::Services,  || web::get().to(missed::list)),
    get("/jobs",                                        Access::Services,  || web::get().to(jobs::list)),
    get("/sync-status",                                 Access::Services,  || web::get().to(sync_status::get)),
    get("/conservation",                                Access::Services,  || web::get().to(conservation::get)),
    get("/dead-letters",                                Access::Operators, || web::get().to(dead_letters::list)),
];

const fn get(path: &'static str, access: Access, handler: fn() -> Route) -> Endpoint {
    Endpoint { path, access, handler }
}

/// The table as a service. Whoever comes here is known first, then the route is looked for, then the right to it.
pub fn scope() -> Scope<
    impl actix_web::dev::ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let scope = web::scope(PREFIX).wrap(from_fn(know));
    let scope = ENDPOINTS.into_iter().fold(scope, |scope, endpoint| {
        let allow = move |request: ServiceRequest, next: Next<_>| allow(endpoint.access, request, next);
        scope.service(
            web::resource(endpoint.path)
                .wrap(from_fn(allow))
                .route((endpoint.handler)())
                .default_service(web::to(method_not_allowed)),
        )
    });
    scope.default_service(web::to(route_unknown))
}

/// Refuses strangers; notes who asks.
async fn know<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let api = request.app_data::<web::Data<Api>>().ok_or_else(Problem::internal);
    match api.and_then(|api| api.authenticator.caller(request.request())) {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            Ok(next.call(request).await?.map_into_left_body())
        }
        Err(problem) => Ok(request.into_response(problem.error_response()).map_into_right_body()),
    }
}

/// Refuses those who may not.
async fn allow<B: MessageBody>(
    access: Access,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let caller = request.extensions().get::<Caller>().cloned();
    if caller.is_some_and(|caller| access.allows(&caller, request.request())) {
        Ok(next.call(request).await?.map_into_left_body())
    } else {
        Ok(request.into_response(Problem::forbidden().error_response()).map_into_right_body())
    }
}

/// For a path that is none of ours.
pub async fn route_unknown() -> HttpResponse {
    Problem::route_unknown().error_response()
}

/// For a path that is ours with a method that is not.
pub async fn method_not_allowed() -> HttpResponse {
    Problem::method_not_allowed().error_response()
}

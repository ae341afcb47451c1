//! The one table of what there is under `/api/v1`, who may ask for it and who answers.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::{Method, header};
use actix_web::middleware::{Next, from_fn};
use actix_web::{Error, HttpMessage, HttpResponse, ResponseError, Route, Scope, web};
use utoipa::openapi::HttpMethod;

use crate::auth::{Access, Caller};
use crate::codes;
use crate::handlers::{
    account, backlog, batch, calendar, conservation, dead_letters, details, explanation, formula, jobs,
    missed, network, operator_requests, simulations, snapshots, sync_status, team, unallocated,
};
use crate::limits;
use crate::openapi::spec::Spec;
use crate::parameters;
use crate::problem::Problem;
use crate::state::Api;

/// Under which path it all stands.
pub const PREFIX: &str = "/api/v1";

/// What may be asked for.
#[derive(Debug)]
pub struct Endpoint {
    /// With which method.
    pub method: Method,
    /// The path under [`PREFIX`].
    pub path: &'static str,
    /// Who may ask.
    pub access: Access,
    /// What it takes and gives.
    pub spec: Spec,
    handler: fn() -> Route,
}

/// All of it.
#[rustfmt::skip]
pub static ENDPOINTS: [Endpoint; 32] = [
    get("/contributions/{accountSequence}",             Access::Own,       account::GET,      || web::get().to(account::get)),
    get("/contributions/{accountSequence}/details",     Access::Own,       details::GET,      || web::get().to(details::get)),
    get("/contributions/{accountSequence}/details.csv", Access::Own,       details::CSV,      || web::get().to(details::all)),
    get("/contributions/{accountSequence}/as-of/{date}", Access::Own,      calendar::AS_OF,   || web::get().to(calendar::as_of)),
    get("/contributions/{accountSequence}/calendar",    Access::Own,       calendar::GET,     || web::get().to(calendar::get)),
    get("/contributions/{accountSequence}/formula",     Access::Own,       formula::GET,      || web::get().to(formula::get)),
    get("/contributions/{accountSequence}/team",        Access::Own,       team::GET,         || web::get().to(team::get)),
    post("/contributions:batchGet",                     Access::Services,  batch::POST,       || web::post().to(batch::post)),
    get("/network/total",                               Access::Services,  network::TOTAL,    || web::get().to(network::total)),
    get("/system-accounts",                             Access::Services,  network::SYSTEM_ACCOUNTS, || web::get().to(network::system_accounts)),
    get("/unallocated",                                 Access::Services,  unallocated::LIST, || web::get().to(unallocated::list)),
    get("/unallocated.csv",                             Access::Services,  unallocated::CSV,  || web::get().to(unallocated::all)),
    get("/adoptions",                                   Access::Services,  backlog::LIST,     || web::get().to(backlog::list)),
    get("/adoptions.csv",                               Access::Services,  backlog::CSV,      || web::get().to(backlog::all)),
    get("/adoptions/{originalAdoptionId}/explanation",  Access::Services,  explanation::GET,  || web::get().to(explanation::get)),
    get("/snapshots",                                   Access::Services,  snapshots::LIST,   || web::get().to(snapshots::list)),
    get("/snapshots/{date}",                            Access::Services,  snapshots::GET,    || web::get().to(snapshots::get)),
    get("/snapshots/{date}/drift",                      Access::Services,  snapshots::DRIFT,  || web::get().to(snapshots::drift)),
    get("/snapshots/{date}/accounts",                   Access::Services,  snapshots::ACCOUNTS, || web::get().to(snapshots::accounts)),
    get("/snapshots/{date}/accounts.csv",               Access::Services,  snapshots::ACCOUNTS_CSV, || web::get().to(snapshots::all_accounts)),
    get("/snapshots/{date}/accounts/{accountSequence}", Access::Own,       snapshots::LINE,   || web::get().to(snapshots::line)),
    get("/snapshots/{date}/accounts/{accountSequence}/proof", Access::Own, snapshots::PROOF,  || web::get().to(snapshots::proof)),
    get("/missed",                                      Access::Services,  missed::LIST,      || web::get().to(missed::list)),
    get("/missed.csv",                                  Access::Services,  missed::CSV,       || web::get().to(missed::all)),
    get("/jobs",                                        Access::Services,  jobs::LIST,        || web::get().to(jobs::list)),
    get("/sync-status",                                 Access::Services,  sync_status::GET,  || web::get().to(sync_status::get)),
    get("/conservation",                                Access::Services,  conservation::GET, || web::get().to(conservation::get)),
    post("/simulations",                                Access::Services,  simulations::POST, || web::post().to(simulations::post)),
    get("/operator-requests",                           Access::Operators, operator_requests::LIST, || web::get().to(operator_requests::list)),
    post("/operator-requests",                          Access::Operators, operator_requests::POST, || web::post().to(operator_requests::post)),
    get("/operator-requests/{requestId}",               Access::Operators, operator_requests::GET, || web::get().to(operator_requests::get)),
    get("/dead-letters",                                Access::Operators, dead_letters::LIST, || web::get().to(dead_letters::list)),
];

const fn get(path: &'static str, access: Access, spec: Spec, handler: fn() -> Route) -> Endpoint {
    Endpoint { method: Method::GET, path, access, spec, handler }
}

const fn post(path: &'static str, access: Access, spec: Spec, handler: fn() -> Route) -> Endpoint {
    Endpoint { method: Method::POST, path, access, spec, handler }
}

impl Endpoint {
    /// Its name in the OpenAPI document: method and path in one word.
    pub(crate) fn name(&self) -> String {
        let words = self.path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        let capital = |word: &str| format!("{}{}", word[..1].to_ascii_uppercase(), &word[1..]);
        self.method.as_str().to_ascii_lowercase() + &words.map(capital).collect::<String>()
    }

    pub(crate) fn http_method(&self) -> HttpMethod {
        if self.method == Method::POST { HttpMethod::Post } else { HttpMethod::Get }
    }
}

/// The endpoints with this path: one for each method.
fn at(path: &str) -> impl Iterator<Item = &'static Endpoint> {
    ENDPOINTS.iter().filter(move |endpoint| endpoint.path == path)
}

/// The table as a service. Whoever comes here is known first, then the route is looked for, then the right to it.
pub fn scope() -> Scope<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    // the last stands outermost
    let scope = web::scope(PREFIX)
        .wrap(from_fn(limits::by_subject))
        .wrap(from_fn(know))
        .wrap(from_fn(limits::by_number));
    let mut paths: Vec<&str> = ENDPOINTS.iter().map(|endpoint| endpoint.path).collect();
    paths.dedup();
    let scope = paths.into_iter().fold(scope, |scope, path| {
        let admit = move |request: ServiceRequest, next: Next<_>| admit(path, request, next);
        let methods: Vec<&str> = at(path).map(|endpoint| endpoint.method.as_str()).collect();
        let methods = methods.join(", ");
        let refused = web::to(move || std::future::ready(refuse_method(&methods)));
        let resource = at(path).fold(web::resource(path), |resource, of| resource.route((of.handler)()));
        scope.service(resource.default_service(refused).wrap(from_fn(limits::by_time)).wrap(from_fn(admit)))
    });
    scope.default_service(web::to(route_unknown))
}

/// Refuses strangers; notes who asks.
async fn know<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let caller = match request.app_data::<web::Data<Api>>() {
        Some(api) => api.authenticator.caller(request.request()).await,
        None => Err(Problem::internal()),
    };
    match caller {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            Ok(next.call(request).await?.map_into_left_body())
        }
        Err(problem) => Ok(request.into_response(problem.error_response()).map_into_right_body()),
    }
}

/// Refuses those who may not, and parameters that the route does not take.
async fn admit<B: MessageBody>(
    path: &'static str,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let caller = request.extensions().get::<Caller>().cloned();
    let admitted = match at(path).find(|endpoint| endpoint.method == *request.method()) {
        // answered as what it is: no such method
        None => Ok(()),
        Some(endpoint) if caller.is_some_and(|caller| endpoint.access.allows(&caller, request.request())) => {
            parameters::check_names(request.query_string(), endpoint.spec.query)
        }
        Some(_) => Err(Problem::forbidden()),
    };
    match admitted {
        Ok(()) => Ok(next.call(request).await?.map_into_left_body()),
        Err(problem) => Ok(request.into_response(problem.error_response()).map_into_right_body()),
    }
}

/// For a path that is none of ours.
pub async fn route_unknown() -> HttpResponse {
    Problem::of(&codes::ROUTE_UNKNOWN).error_response()
}

/// For a path that is ours, and answers to GET alone, with another method.
pub async fn method_not_allowed() -> HttpResponse {
    refuse_method("GET")
}

fn refuse_method(allowed: &str) -> HttpResponse {
    let detail = format_args!("this route answers to {allowed}");
    let mut response = Problem::detailed(&codes::METHOD_NOT_ALLOWED, detail).error_response();
    if let Ok(allowed) = header::HeaderValue::from_str(allowed) {
        response.headers_mut().insert(header::ALLOW, allowed);
    }
    response
}

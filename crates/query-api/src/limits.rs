//! How much is taken on: requests in hand, the time of each, and the rate of each caller. What is beyond is refused at
//! once, which costs next to nothing, so that those who were taken on are answered in time.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, ResponseError, web};
use governor::clock::{Clock as _, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use runtime::Settings;
use tokio::time::{sleep, timeout};

use crate::auth::Caller;
use crate::codes;
use crate::problem::Problem;
use crate::state::Api;

/// How often subjects are forgotten that have not asked for a while.
const FORGET: Duration = Duration::from_secs(10);

/// What bounds the work.
#[derive(Debug)]
pub(crate) struct Limits {
    time: Duration,
    number: usize,
    in_hand: AtomicUsize,
    rate: Option<RateLimiter<String, HashMapStateStore<String>, DefaultClock>>,
}

impl Limits {
    pub(crate) fn new(settings: &Settings) -> Self {
        let http = &settings.http;
        let quota = NonZeroU32::new(http.subject_rate).map(|rate| {
            Quota::per_second(rate).allow_burst(NonZeroU32::new(http.subject_burst).unwrap_or(rate))
        });
        Self {
            time: Duration::from_secs(http.request_seconds),
            number: http.in_hand,
            in_hand: AtomicUsize::new(0),
            rate: quota.map(RateLimiter::hashmap),
        }
    }

    /// Forgets subjects that have not asked for a while, for ever.
    pub(crate) async fn forget(&self) {
        let Some(rate) = &self.rate else { return };
        loop {
            sleep(FORGET).await;
            rate.retain_recent();
            rate.shrink_to_fit();
        }
    }

    /// Takes a request on, unless there are enough.
    fn take(&self) -> Option<InHand<'_>> {
        let before = self.in_hand.fetch_add(1, Ordering::SeqCst);
        // given back as it is dropped
        let taken = InHand(&self.in_hand);
        (before < self.number).then_some(taken)
    }

    /// Seconds that `subject` has to wait, where it has asked too often.
    fn wait(&self, subject: &str) -> Option<u64> {
        let rate = self.rate.as_ref().filter(|_| !subject.is_empty())?;
        let until = rate.check_key(&subject.to_owned()).err()?;
        Some(until.wait_time_from(DefaultClock::default().now()).as_secs() + 1)
    }
}

/// A request that is worked on.
struct InHand<'a>(&'a AtomicUsize);

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Refuses what comes while too many requests are in hand.
pub(crate) async fn by_number<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let Some(api) = request.app_data::<web::Data<Api>>().cloned() else {
        return Ok(refuse(request, "state", &Problem::internal()));
    };
    let Some(_in_hand) = api.limits.take() else {
        return Ok(refuse(request, "number", &Problem::of(&codes::OVERLOADED)));
    };
    Ok(next.call(request).await?.map_into_left_body())
}

/// Refuses a caller who asks too often.
pub(crate) async fn by_subject<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let wait = {
        let extensions = request.extensions();
        let api = request.app_data::<web::Data<Api>>();
        api.zip(extensions.get::<Caller>()).and_then(|(api, caller)| api.limits.wait(caller.subject()))
    };
    match wait {
        None => Ok(next.call(request).await?.map_into_left_body()),
        Some(seconds) => Ok(refuse(request, "rate", &Problem::too_many_requests(seconds))),
    }
}

/// Gives a request up that takes too long. To stand around one resource: the path has been looked up when a second
/// reference to the request is made.
pub(crate) async fn by_time<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let limit = request.app_data::<web::Data<Api>>().map_or(Duration::ZERO, |api| api.limits.time);
    let asked = request.request().clone();
    if let Ok(response) = timeout(limit, next.call(request)).await {
        return Ok(response?.map_into_left_body());
    }
    count("time");
    let refusal = Problem::of(&codes::REQUEST_TIMEOUT).error_response();
    Ok(ServiceResponse::new(asked, refusal).map_into_right_body())
}

fn refuse<B>(
    request: ServiceRequest,
    bound: &'static str,
    problem: &Problem,
) -> ServiceResponse<EitherBody<B>> {
    count(bound);
    request.into_response(problem.error_response()).map_into_right_body()
}

fn count(bound: &'static str) {
    metrics::counter!("contrib_http_refused_total", "bound" => bound).increment(1);
}

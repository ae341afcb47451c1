//! An event as a Kafka record: key, value and the headers of a `CloudEvent` in binary mode.

use chrono::SecondsFormat;
use persistence::outbox::Event;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::FutureRecord;

const SOURCE: &str = "contribution-service";
const SPEC_VERSION: &str = "1.0";

/// The record of `event` for `topic`. The same event always gives the same record.
pub fn record<'a>(event: &'a Event, topic: &'a str) -> FutureRecord<'a, str, str> {
    FutureRecord::to(topic).key(event.key.as_str()).payload(event.payload.as_str()).headers(headers(event))
}

fn headers(event: &Event) -> OwnedHeaders {
    let id = event.event_id.to_string();
    let time = event.created_at.to_rfc3339_opts(SecondsFormat::Micros, true);
    let always = [
        ("ce_id", id.as_str()),
        ("ce_type", event.event_type.as_str()),
        ("ce_source", SOURCE),
        ("ce_time", time.as_str()),
        ("ce_specversion", SPEC_VERSION),
    ];
    let traced = event.traceparent.as_deref().map(|parent| ("traceparent", parent));
    let all = always.into_iter().chain(traced);
    all.fold(OwnedHeaders::new_with_capacity(6), |headers, (key, value)| {
        headers.insert(Header { key, value: Some(value) })
    })
}

//! What is put into the connectors' configuration: `${UPSTREAM_HOST}` and so on. Anything else in `${…}`, such as
//! `${file:…}`, is Connect's own and stays.

use std::collections::BTreeMap;
use std::fmt;

use percent_encoding::percent_decode_str;
use reqwest::Url;
use runtime::{ExposeSecret, Settings, SettingsError};

/// The names that are known, with their values. Holds a password, and so never shows itself.
pub struct Placeholders(BTreeMap<&'static str, String>);

impl Placeholders {
    /// From `upstream.url` and `kafka.brokers`.
    pub fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let bad = || SettingsError::new("upstream.url", "is no postgres://user:password@host:port/database");
        let url = Url::parse(settings.upstream.url()?.expose_secret()).map_err(|_| bad())?;
        let decoded = |part: &str| {
            percent_decode_str(part).decode_utf8().map(std::borrow::Cow::into_owned).map_err(|_| bad())
        };
        Ok(Self(BTreeMap::from([
            ("UPSTREAM_HOST", decoded(url.host_str().ok_or_else(bad)?)?),
            ("UPSTREAM_PORT", url.port().unwrap_or(5432).to_string()),
            ("UPSTREAM_USER", decoded(url.username())?),
            ("UPSTREAM_PASSWORD", decoded(url.password().unwrap_or_default())?),
            ("UPSTREAM_DB", decoded(url.path().trim_start_matches('/'))?),
            ("KAFKA_BROKERS", settings.kafka.brokers.clone()),
        ])))
    }

    /// `text` with every `${NAME}` replaced; errs with a NAME that is not known.
    pub fn fill(&self, text: &str) -> Result<String, String> {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            let (before, from) = rest.split_at(start);
            filled.push_str(before);
            let Some(end) = from.find('}') else { break };
            let name = &from[2..end];
            if is_ours(name) {
                filled.push_str(self.0.get(name).ok_or_else(|| name.to_owned())?);
            } else {
                filled.push_str(&from[..=end]);
            }
            rest = &from[end + 1..];
        }
        filled.push_str(rest);
        Ok(filled)
    }
}

fn is_ours(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

impl fmt::Debug for Placeholders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Placeholders;

    #[test]
    fn fills_in_what_is_known_and_leaves_connects_own() {
        let known = Placeholders([("UPSTREAM_HOST", "db".to_owned())].into());
        assert_eq!(known.fill("a ${UPSTREAM_HOST}:${file:/x:y} b"), Ok("a db:${file:/x:y} b".to_owned()));
        assert_eq!(known.fill("${UPSTREAM_HOST"), Ok("${UPSTREAM_HOST".to_owned()));
        assert_eq!(known.fill("${UPSTREAM_HOTS}"), Err("UPSTREAM_HOTS".to_owned()));
    }
}

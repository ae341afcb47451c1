//! Where settings come from, and what is said about those that cannot be read.

use std::collections::HashMap;
use std::path::Path;
use std::{env, fmt, fs};

use chrono_tz::Tz;
use config::{Config, ConfigError, Environment, File, FileFormat};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, de};

use super::Settings;

const PREFIX: &str = "CONTRIB__";

/// Keys whose value may come from a file that `CONTRIB__…_FILE` names.
const SECRETS: [&str; 7] = [
    "database.url",
    "database.read_url",
    "kafka.sasl_password",
    "redis.url",
    "upstream.url",
    "connect.url",
    "auth.hs256_secret",
];

const POSTGRES: [&str; 2] = ["postgres://", "postgresql://"];

/// A setting that is missing, unknown or wrong. Printed as one line; a program ends with exit code 2.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("setting {key}: {reason}")]
pub struct SettingsError {
    /// The key as in the files (`database.url`), or the file itself.
    pub key: String,
    /// What is wrong with it; never a secret's value.
    pub reason: String,
}

impl SettingsError {
    /// An error about `key`.
    pub fn new(key: impl Into<String>, reason: impl fmt::Display) -> Self {
        // one line, whatever a parser had to say
        let reason = reason.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        Self { key: key.into(), reason }
    }

    /// `key` has no value, and this program needs one.
    pub fn not_set(key: &str) -> Self {
        Self::new(key, format_args!("is not set; give it as {}", variable(key)))
    }
}

impl Settings {
    /// Reads `dir/base.toml`, then `dir/<APP_ENV>.toml` if that variable is set, then the environment's
    /// `CONTRIB__SECTION__KEY`; later ones win. Lists are separated by commas there, and a secret's
    /// `CONTRIB__…_FILE` names the file that holds it.
    pub fn load(dir: &Path) -> Result<Self, SettingsError> {
        Self::load_from(
            dir,
            env::vars_os()
                .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?))),
        )
    }

    /// As [`load`](Self::load), with the environment as an argument.
    pub fn load_from(
        dir: &Path,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, SettingsError> {
        let mut environment: HashMap<String, String> = environment
            .into_iter()
            .filter(|(name, _)| name == "APP_ENV" || name.starts_with(PREFIX))
            .collect();
        let app_env = environment.remove("APP_ENV").filter(|name| !name.is_empty());
        let names = ["base".to_owned()].into_iter().chain(app_env);

        let mut sources = Config::builder();
        for name in names {
            sources = sources.add_source(file(dir, &name)?);
        }
        read_secret_files(&mut environment)?;
        let sources = sources.add_source(
            Environment::with_prefix("CONTRIB")
                .prefix_separator("__")
                .separator("__")
                .source(Some(environment)),
        );
        let merged = sources.build().map_err(|error| nameless(&error))?;
        let settings: Self = serde_path_to_error::deserialize(merged).map_err(|error| {
            let path = error.path().to_string();
            named(&path, error.inner())
        })?;
        settings.check()?;
        Ok(settings)
    }

    /// What the types do not say.
    fn check(&self) -> Result<(), SettingsError> {
        if self.database.url.expose_secret().is_empty() {
            return Err(SettingsError::not_set("database.url"));
        }
        self.check_urls()?;
        for (key, text) in [
            ("kafka.brokers", &self.kafka.brokers),
            ("kafka.group_id", &self.kafka.group_id),
            ("kafka.account_events_topic", &self.kafka.account_events_topic),
            ("kafka.snapshot_events_topic", &self.kafka.snapshot_events_topic),
        ] {
            if text.is_empty() {
                return Err(SettingsError::not_set(key));
            }
        }
        let positive = [
            ("database.max_connections", i64::from(self.database.max_connections)),
            ("kafka.topic_partitions", i64::from(self.kafka.topic_partitions)),
            ("kafka.replication_factor", i64::from(self.kafka.replication_factor)),
            ("cdc.batch.max_messages", clamped(self.cdc.batch.max_messages)),
            ("cdc.batch.max_bytes", clamped(self.cdc.batch.max_bytes)),
            ("distributor.chunk_size", clamped(self.distributor.chunk_size)),
            ("distributor.pass_size", clamped(self.distributor.pass_size)),
            ("relay.shards", i64::from(self.relay.shards)),
            ("relay.batch", i64::from(self.relay.batch)),
            ("http.request_seconds", clamped(self.http.request_seconds)),
            ("http.in_hand", clamped(self.http.in_hand)),
            ("http.subject_burst", i64::from(self.http.subject_burst)),
            ("auth.jwks_refresh_seconds", clamped(self.auth.jwks_refresh_seconds)),
        ];
        for (key, value) in positive {
            if value < 1 {
                return Err(SettingsError::new(key, format_args!("{value} is not at least 1")));
            }
        }
        Ok(())
    }

    /// Refuses an address of the wrong kind; its text may hold a password and is not repeated.
    fn check_urls(&self) -> Result<(), SettingsError> {
        for (key, url, schemes) in [
            ("database.url", Some(&self.database.url), POSTGRES),
            ("database.read_url", self.database.read_url.as_ref(), POSTGRES),
            ("upstream.url", self.upstream.url.as_ref(), POSTGRES),
            ("redis.url", self.redis.url.as_ref(), ["redis://", "rediss://"]),
            ("connect.url", self.connect.url.as_ref(), ["http://", "https://"]),
        ] {
            let known =
                |url: &SecretString| schemes.iter().any(|scheme| url.expose_secret().starts_with(scheme));
            if !url.is_none_or(known) {
                return Err(SettingsError::new(key, format_args!("does not begin with {}", schemes[0])));
            }
        }
        Ok(())
    }
}

fn clamped(value: impl TryInto<i64>) -> i64 {
    value.try_into().unwrap_or(i64::MAX)
}

/// The variable that gives `key` its value.
fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.to_uppercase().replace('.', "__"))
}

fn file(dir: &Path, name: &str) -> Result<File<config::FileSourceString, FileFormat>, SettingsError> {
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
        return Err(SettingsError::new("APP_ENV", "may hold letters, digits, - and _ only"));
    }
    let path = dir.join(format!("{name}.toml"));
    let text =
        fs::read_to_string(&path).map_err(|error| SettingsError::new(path.display().to_string(), error))?;
    Ok(File::from_str(&text, FileFormat::Toml))
}

/// Replaces `CONTRIB__…_FILE` of each secret by the content of the file it names.
fn read_secret_files(environment: &mut HashMap<String, String>) -> Result<(), SettingsError> {
    for key in SECRETS {
        let name = variable(key);
        for by_file in [format!("{name}_FILE"), format!("{name}__FILE")] {
            let Some(path) = environment.remove(&by_file) else { continue };
            if environment.contains_key(&name) {
                let reason = format_args!("both {name} and {by_file} are set");
                return Err(SettingsError::new(key, reason));
            }
            let secret = fs::read_to_string(&path)
                .map_err(|error| SettingsError::new(key, format_args!("{by_file}: {path}: {error}")))?;
            environment.insert(name.clone(), secret.trim_end_matches(['\r', '\n']).to_owned());
        }
    }
    Ok(())
}

/// An error before any key was looked at: a file that is no TOML.
fn nameless(error: &ConfigError) -> SettingsError {
    SettingsError::new("(files)", error)
}

/// An error at `path`. A field that is missing is named in the error only.
fn named(path: &str, error: &ConfigError) -> SettingsError {
    match error {
        ConfigError::Type { unexpected, expected, .. } => {
            SettingsError::new(path, format_args!("{unexpected}: expected {expected}"))
        }
        other => SettingsError::new(path, other),
    }
}

/// Text, with the empty string for none: so that a file can name every key.
pub(super) fn text_or_none<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.filter(|text| !text.is_empty()))
}

/// A secret, with the empty string for none.
pub(super) fn secret_or_none<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SecretString>, D::Error> {
    Ok(text_or_none(from)?.map(SecretString::from))
}

/// A list, or a text separated by commas (which is all that a variable can hold).
pub(super) fn comma_separated<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum List {
        Items(Vec<String>),
        Text(String),
    }
    let items = match List::deserialize(from)? {
        List::Items(items) => items,
        List::Text(text) => text.split(',').map(|item| item.trim().to_owned()).collect(),
    };
    Ok(items.into_iter().filter(|item| !item.is_empty()).collect())
}

/// A name of the tz database.
pub(super) fn time_zone<'de, D: Deserializer<'de>>(from: D) -> Result<Tz, D::Error> {
    let name = String::deserialize(from)?;
    name.parse().map_err(|_| de::Error::custom(format_args!("{name:?} is no time zone of the tz database")))
}

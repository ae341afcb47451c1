//! Where settings come from and how errors in them are named.

use std::fs;
use std::path::Path;

use anyhow::Context;
use runtime::settings::{AuthMode, MissingReferral};
use runtime::{ExposeSecret, Settings, SettingsError};

const URL: (&str, &str) = ("CONTRIB__DATABASE__URL", "postgres://u:geheim@db/rwa");

fn load(dir: &Path, environment: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    Settings::load_from(dir, environment.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())))
}

/// The settings that are shipped, with `environment` over them.
fn shipped(environment: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    load(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../config")), environment)
}

#[test]
fn shipped_file_needs_nothing_but_the_database() -> anyhow::Result<()> {
    let settings = shipped(&[URL])?;
    assert_eq!(settings.database.url.expose_secret(), URL.1);
    assert!(settings.database.read_url.is_none(), "reads go to the primary");
    assert!(settings.redis.url.is_none());
    assert_eq!(settings.auth.mode, AuthMode::Jwt);
    assert_eq!(settings.business.time_zone.name(), "Asia/Shanghai");
    assert_eq!(settings.business.ineligible_statuses, ["PENDING", "CANCELLED", "REFUNDED", "INACTIVE"]);
    assert_eq!(settings.cdc.heartbeats[&settings.cdc.sources.users], "dbserver1.rwa_cdc.heartbeat");
    Ok(())
}

#[test]
fn environment_goes_over_the_files() -> anyhow::Result<()> {
    let settings = shipped(&[
        URL,
        ("CONTRIB__HTTP__PORT", "4020"),
        ("CONTRIB__CDC__TOPICS__USERS", "other.users"),
        ("CONTRIB__CDC__COLUMNS__USERS__ACCOUNT_SEQUENCE", "account_no"),
        ("CONTRIB__CDC__HEARTBEATS__IDENTITY", "identity.heartbeat"),
        ("CONTRIB__BUSINESS__INELIGIBLE_STATUSES", "VOID, DRAFT"),
        ("CONTRIB__BUSINESS__MISSING_REFERRAL", "root"),
        ("CONTRIB__KAFKA__GROUP_ID", "0017"),
        ("CONTRIB__KAFKA__BROKERS", "a:9092,b:9092"),
        ("UNRELATED", "x"),
    ])?;
    assert_eq!(settings.http.address().port(), 4020);
    assert_eq!(settings.cdc.topics.users, "other.users");
    assert_eq!(settings.cdc.topics.adoptions, "dbserver1.rwa_planting.adoptions");
    assert_eq!(settings.cdc.columns.users["account_sequence"], "account_no");
    assert_eq!(settings.cdc.heartbeats["identity"], "identity.heartbeat");
    assert_eq!(settings.business.ineligible_statuses, ["VOID", "DRAFT"]);
    assert_eq!(settings.business.missing_referral, MissingReferral::Root);
    assert_eq!(settings.kafka.group_id, "0017", "text stays as it is written");
    assert_eq!(settings.kafka.brokers, "a:9092,b:9092");
    Ok(())
}

#[test]
fn file_of_the_environment_goes_over_the_base() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/base.toml");
    fs::copy(base, dir.path().join("base.toml"))?;
    fs::write(dir.path().join("staging.toml"), "[http]\nport = 1\nbind = \"127.0.0.1\"\n")?;

    assert_eq!(load(dir.path(), &[URL])?.http.port, 3020);
    let staging = load(dir.path(), &[URL, ("APP_ENV", "staging")])?;
    assert_eq!(staging.http.address().to_string(), "127.0.0.1:1");
    let over = load(dir.path(), &[URL, ("APP_ENV", "staging"), ("CONTRIB__HTTP__PORT", "2")])?;
    assert_eq!(over.http.port, 2);

    let missing = load(dir.path(), &[URL, ("APP_ENV", "stagin")]).expect_err("to be refused");
    assert!(missing.key.ends_with("stagin.toml"), "{missing}");
    assert_eq!(load(dir.path(), &[URL, ("APP_ENV", "../x")]).expect_err("to be refused").key, "APP_ENV");
    Ok(())
}

#[test]
fn an_error_names_its_key() {
    let cases = [
        ("CONTRIB__HTTP__PORT", "many", "http.port"),
        ("CONTRIB__HTTP__PORT", "70000", "http.port"),
        ("CONTRIB__HTTP__BIND", "nowhere", "http.bind"),
        ("CONTRIB__HTTP__PROT", "1", "http.prot"),
        ("CONTRIB__HTPP__PORT", "1", "htpp"),
        ("CONTRIB__CDC__TOPICS__USER", "x", "cdc.topics.user"),
        ("CONTRIB__BUSINESS__TIME_ZONE", "Asia/Nowhere", "business.time_zone"),
        ("CONTRIB__BUSINESS__MISSING_REFERRAL", "guess", "business.missing_referral"),
        ("CONTRIB__AUTH__MODE", "on", "auth.mode"),
        ("CONTRIB__RELAY__SHARDS", "0", "relay.shards"),
        ("CONTRIB__KAFKA__BROKERS", "", "kafka.brokers"),
        ("CONTRIB__DATABASE__URL", "mysql://u:geheim@db", "database.url"),
        ("CONTRIB__REDIS__URL", "geheim@cache", "redis.url"),
    ];
    for (variable, value, key) in cases {
        let error = shipped(&[URL, (variable, value)]).expect_err("to be refused");
        assert_eq!(error.key, key, "{variable}={value}: {error}");
        assert!(!error.to_string().contains('\n'), "{error}");
        assert!(!error.to_string().contains("geheim"), "{error}");
    }
}

#[test]
fn what_a_program_needs_is_asked_for_by_name() -> anyhow::Result<()> {
    let error = shipped(&[]).expect_err("to be refused");
    assert_eq!(error.to_string(), "setting database.url: is not set; give it as CONTRIB__DATABASE__URL");
    let settings = shipped(&[URL])?;
    assert_eq!(settings.upstream.url().expect_err("to be refused").key, "upstream.url");
    assert_eq!(settings.connect.url().expect_err("to be refused").key, "connect.url");
    assert_eq!(settings.auth.check().expect_err("to be refused").key, "auth.mode");
    assert!(shipped(&[URL, ("CONTRIB__AUTH__MODE", "off")])?.auth.check().is_ok());
    assert!(shipped(&[URL, ("CONTRIB__AUTH__HS256_SECRET", "s")])?.auth.check().is_ok());
    Ok(())
}

#[test]
fn a_secret_can_stand_in_a_file() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("url");
    fs::write(&path, "postgres://from-file\n")?;
    let path = path.to_str().context("a path in UTF-8")?;
    for variable in ["CONTRIB__DATABASE__URL_FILE", "CONTRIB__DATABASE__URL__FILE"] {
        let settings = shipped(&[(variable, path)])?;
        assert_eq!(settings.database.url.expose_secret(), "postgres://from-file");
    }
    let both = shipped(&[URL, ("CONTRIB__DATABASE__URL_FILE", path)]).expect_err("to be refused");
    assert_eq!(both.key, "database.url");
    let missing = shipped(&[("CONTRIB__DATABASE__URL_FILE", "/nonexistent")]).expect_err("to be refused");
    assert!(missing.to_string().contains("/nonexistent"), "{missing}");
    // a setting of that name, not the file of a secret
    let jwks = shipped(&[URL, ("CONTRIB__AUTH__JWKS_FILE", "/keys.json")])?;
    assert_eq!(jwks.auth.jwks_file.as_deref(), Some("/keys.json"));
    Ok(())
}

#[test]
fn secrets_are_not_shown() -> anyhow::Result<()> {
    let settings = shipped(&[
        URL,
        ("CONTRIB__DATABASE__READ_URL", "postgres://geheim"),
        ("CONTRIB__REDIS__URL", "redis://geheim"),
        ("CONTRIB__KAFKA__SASL_PASSWORD", "geheim"),
        ("CONTRIB__UPSTREAM__URL", "postgres://geheim"),
        ("CONTRIB__CONNECT__URL", "http://geheim"),
        ("CONTRIB__AUTH__HS256_SECRET", "geheim"),
    ])?;
    assert!(!format!("{settings:?} {settings:#?}").contains("geheim"));
    let properties = settings.kafka.client_properties();
    assert!(properties.contains(&("sasl.password", "geheim")), "but the client gets them");
    Ok(())
}

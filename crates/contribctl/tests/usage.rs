//! What the command does before it does anything: usage, settings, the schema.

mod support;

use support::{all, contribctl, stdout};

fn url(url: &str) -> support::Variables {
    vec![("CONTRIB__DATABASE__URL", url.to_owned())]
}

#[test]
fn bad_usage_and_settings_end_with_2() -> anyhow::Result<()> {
    let good = url("postgres://postgres@127.0.0.1:1/none");
    assert_eq!(contribctl(&["no-such-command"], &good)?.status.code(), Some(2));
    assert_eq!(contribctl(&["verify", "--only", "10"], &good)?.status.code(), Some(2));
    let missing = contribctl(&["verify"], &vec![])?;
    assert_eq!(missing.status.code(), Some(2));
    assert!(all(&missing).contains("database.url"), "{}", all(&missing));
    let upstream = contribctl(&["generate", "live", "--adoptions", "1"], &good)?;
    assert_eq!(upstream.status.code(), Some(2));
    assert!(all(&upstream).contains("upstream.url"), "{}", all(&upstream));
    Ok(())
}

#[test]
fn a_password_is_never_shown() -> anyhow::Result<()> {
    let mut variables = url("postgres://postgres:s3cr3t@127.0.0.1:1/none");
    variables.push(("CONTRIB__UPSTREAM__URL", "postgres://u:s3cr3t@[not-a-host/x".to_owned()));
    variables.push(("CONTRIB__CONNECT__URL", "http://u:s3cr3t@127.0.0.1:1".to_owned()));
    for command in [&["verify"][..], &["generate", "live", "--adoptions", "1"], &["connectors", "status"]] {
        let output = contribctl(command, &variables)?;
        assert_ne!(output.status.code(), Some(0));
        assert!(!all(&output).contains("s3cr3t"), "{}", all(&output));
    }
    Ok(())
}

#[test]
fn connect_that_is_away_is_named() -> anyhow::Result<()> {
    let mut variables = url("postgres://postgres@127.0.0.1:1/none");
    variables.push(("CONTRIB__CONNECT__URL", "http://127.0.0.1:1".to_owned()));
    let output = contribctl(&["connectors", "status"], &variables)?;
    assert_eq!(output.status.code(), Some(1));
    assert!(all(&output).contains("Kafka Connect does not answer (connect.url)"), "{}", all(&output));
    Ok(())
}

#[tokio::test]
async fn migrate_says_what_it_did() -> anyhow::Result<()> {
    let upstream = support::Upstream::create().await?; // any database without our schema
    let first = contribctl(&["migrate"], &upstream.variables())?;
    assert_eq!(first.status.code(), Some(0), "{}", all(&first));
    let version = persistence::migrations::needed_version();
    assert!(stdout(&first).contains("applied 0001"), "{}", all(&first));
    assert!(stdout(&first).ends_with(&format!("schema at version {version}\n")), "{}", all(&first));
    let second = contribctl(&["migrate"], &upstream.variables())?;
    assert_eq!(stdout(&second), format!("nothing to do\nschema at version {version}\n"));
    upstream.close().await
}

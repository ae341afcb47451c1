//! Who may ask for what: every route with every kind of caller.

mod common;

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use common::{Api, SECRET, Stand, problem_of, settings};
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use query_api::auth::Access;
use query_api::routes::ENDPOINTS;
use reqwest::Method;
use serde_json::{Value, json};

const ACCOUNT: &str = "D250001";

fn seconds_from_now(seconds: i64) -> anyhow::Result<i64> {
    Ok(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())? + seconds)
}

fn claims(sub: &str, roles: &[&str]) -> anyhow::Result<Value> {
    let exp = seconds_from_now(300)?;
    Ok(json!({ "sub": sub, "roles": roles, "exp": exp, "iss": "tests", "aud": "contribution" }))
}

fn sign(claims: &Value) -> anyhow::Result<String> {
    Ok(encode(&Header::new(Algorithm::HS256), claims, &EncodingKey::from_secret(SECRET.as_bytes()))?)
}

fn jwt() -> [(&'static str, &'static str); 4] {
    [
        ("CONTRIB__AUTH__MODE", "jwt"),
        ("CONTRIB__AUTH__HS256_SECRET", SECRET),
        ("CONTRIB__AUTH__ISSUER", "tests"),
        ("CONTRIB__AUTH__AUDIENCE", "contribution"),
    ]
}

async fn status(api: &Api, path: &str, token: Option<&str>) -> anyhow::Result<u16> {
    status_of(api, Method::GET, path, token).await
}

async fn status_of(api: &Api, method: Method, path: &str, token: Option<&str>) -> anyhow::Result<u16> {
    let mut request = api.client.request(method, format!("{}/api/v1{path}", api.base));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let answer = request.send().await?;
    let status = answer.status().as_u16();
    if status >= 400 {
        problem_of(answer).await.with_context(|| path.to_owned())?;
    }
    Ok(status)
}

#[tokio::test]
async fn every_route_with_every_caller() -> anyhow::Result<()> {
    let stand = Stand::open(&jwt()).await?;
    let api = &stand.api;
    let own = sign(&claims(ACCOUNT, &["account"])?)?;
    let other = sign(&claims("D250002", &["account"])?)?;
    let service = sign(&claims("mining", &["service"])?)?;
    let operator = sign(&claims("ops", &["operator"])?)?;
    let nobody = sign(&claims(ACCOUNT, &["auditor"])?)?;
    let plain = sign(&claims(ACCOUNT, &[])?)?;
    for endpoint in &ENDPOINTS {
        let path = endpoint
            .path
            .replace("{accountSequence}", ACCOUNT)
            .replace("{date}", "2026-11-22")
            .replace("{originalAdoptionId}", "00000000-0000-4000-8000-000000000001")
            .replace("{requestId}", "1");
        let method = Method::from_bytes(endpoint.method.as_str().as_bytes())?;
        // nothing is known in this database: who may ask for one thing is told that it is not there
        let there = match (method == Method::POST, endpoint.path.contains('{')) {
            // nothing is sent with it
            (true, _) => 415,
            (false, true) => 404,
            (false, false) => 200,
        };
        let (own_status, service_status) = match endpoint.access {
            Access::Own => (there, there),
            Access::Services => (403, there),
            Access::Operators => (403, 403),
        };
        for (caller, token, expected) in [
            ("nobody", None, 401),
            ("garbage", Some("garbage"), 401),
            ("own account", Some(own.as_str()), own_status),
            ("other account", Some(&other), 403),
            ("unknown role", Some(&nobody), 403),
            ("no role", Some(&plain), 403),
            ("service", Some(&service), service_status),
            ("operator", Some(&operator), there),
        ] {
            let found = status_of(api, method.clone(), &path, token).await?;
            assert_eq!(found, expected, "{method} {path} by {caller}");
        }
    }
    // an encoded letter reaches the same route with the same check
    assert_eq!(status(api, "/%64ead-letters", Some(&service)).await?, 403);
    assert_eq!(status(api, "/%64ead-letters", Some(&operator)).await?, 200);
    assert_eq!(status(api, "/nothing", None).await?, 401);
    assert_eq!(status(api, "/nothing", Some(&operator)).await?, 404);
    for open in ["/", "/health/live", "/health/ready", "/metrics", "/openapi.json", "/docs/"] {
        assert_eq!(api.client.get(format!("{}{open}", api.base)).send().await?.status(), 200, "{open}");
    }
    stand.close().await
}

#[tokio::test]
async fn a_token_must_hold_in_every_respect() -> anyhow::Result<()> {
    let stand = Stand::open(&jwt()).await?;
    let api = &stand.api;
    let good = claims("ops", &["operator"])?;
    let with = |member: &str, value: Value| {
        let mut claims = good.clone();
        claims[member] = value;
        claims
    };
    let without = |member: &str| {
        let mut claims = good.clone();
        claims.as_object_mut().map(|claims| claims.remove(member));
        claims
    };
    assert_eq!(status(api, "/unallocated", Some(&sign(&good)?)).await?, 200);
    for bad in [
        with("exp", json!(seconds_from_now(-300)?)),
        with("nbf", json!(seconds_from_now(300)?)),
        with("iss", json!("somebody else")),
        with("aud", json!("another service")),
        with("roles", json!("operator")),
        without("exp"),
        without("sub"),
        without("iss"),
        without("aud"),
    ] {
        assert_eq!(status(api, "/unallocated", Some(&sign(&bad)?)).await?, 401, "{bad}");
    }
    let key = EncodingKey::from_secret(b"another secret of at least as many bytes");
    let forged = encode(&Header::new(Algorithm::HS256), &good, &key)?;
    assert_eq!(status(api, "/unallocated", Some(&forged)).await?, 401);
    let signed = sign(&good)?;
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", signed.split('.').nth(1).unwrap_or_default());
    assert_eq!(status(api, "/unallocated", Some(&unsigned)).await?, 401);

    let expired = sign(&with("exp", json!(seconds_from_now(-300)?)))?;
    let answer =
        api.client.get(format!("{}/api/v1/unallocated", api.base)).bearer_auth(expired).send().await?;
    assert_eq!(answer.headers()["www-authenticate"], "Bearer");
    assert_eq!(problem_of(answer).await?.1["code"], "token_expired");
    stand.close().await
}

#[tokio::test]
async fn keys_of_a_jwks_file() -> anyhow::Result<()> {
    let key = || -> anyhow::Result<EncodingKey> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
        Ok(EncodingKey::from_ec_der(pair.to_pkcs8v1()?.as_ref()))
    };
    let (ours, theirs) = (key()?, key()?);
    let mut jwk = Jwk::from_encoding_key(&ours, Algorithm::ES256)?;
    jwk.common.key_id = Some("one".to_owned());
    let public = serde_json::to_vec(&jwk)?;
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), serde_json::to_vec(&JwkSet { keys: vec![jwk] })?)?;
    let path = file.path().display().to_string();
    let stand = Stand::open(&[("CONTRIB__AUTH__MODE", "jwt"), ("CONTRIB__AUTH__JWKS_FILE", &path)]).await?;

    let with_id = |id: &str| Header { kid: Some(id.to_owned()), ..Header::new(Algorithm::ES256) };
    let claims = claims("ops", &["operator"])?;
    let good = encode(&with_id("one"), &claims, &ours)?;
    assert_eq!(status(&stand.api, "/unallocated", Some(&good)).await?, 200);
    let other_id = encode(&with_id("two"), &claims, &ours)?;
    assert_eq!(status(&stand.api, "/unallocated", Some(&other_id)).await?, 401);
    let other_key = encode(&with_id("one"), &claims, &theirs)?;
    assert_eq!(status(&stand.api, "/unallocated", Some(&other_key)).await?, 401);
    // the public key as if it were a shared secret
    let confused = encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(&public))?;
    assert_eq!(status(&stand.api, "/unallocated", Some(&confused)).await?, 401);
    stand.close().await
}

#[tokio::test]
async fn without_a_key_it_does_not_start() -> anyhow::Result<()> {
    let url = "postgres://nobody@127.0.0.1:1/none";
    let no_key = settings(url, &[("CONTRIB__AUTH__MODE", "jwt")])?;
    let error = Api::start(&no_key).err().context("it started")?;
    assert!(error.is::<runtime::SettingsError>(), "{error:#}");
    assert!(error.to_string().contains("auth.jwks_file"), "{error:#}");

    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config");
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_query-api"));
    command.args(["--config", config]).env("CONTRIB__DATABASE__URL", url).env("CONTRIB__HTTP__PORT", "0");
    let output = tokio::time::timeout(testkit::wait::LIMIT, command.output()).await??;
    assert_eq!(output.status.code(), Some(2));
    Ok(())
}

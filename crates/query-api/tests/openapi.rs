//! The document says what there is, and is the one in `docs`; so does the page of errors.
//!
//! `CONTRIB_WRITE_DOCS=1` writes both files anew.

mod common;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Context;
use common::Stand;
use query_api::codes;
use query_api::openapi::DOCUMENT;
use query_api::routes::{ENDPOINTS, PREFIX};
use serde_json::Value;

fn docs(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name)
}

/// That the file holds `expected`, or that it does from now on.
fn assert_file_is(name: &str, expected: &str) -> anyhow::Result<()> {
    let path = docs(name);
    if std::env::var_os("CONTRIB_WRITE_DOCS").is_some() {
        std::fs::write(&path, expected)?;
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "docs/{name} is not of this build: run this test with CONTRIB_WRITE_DOCS=1");
    Ok(())
}

#[test]
fn the_document_is_the_one_in_docs() -> anyhow::Result<()> {
    let document = serde_json::to_value(&*DOCUMENT)?;
    assert_eq!(document["openapi"], "3.1.0");
    assert_file_is("openapi.json", &(serde_json::to_string_pretty(&document)? + "\n"))
}

#[test]
fn it_names_the_routes_that_there_are() -> anyhow::Result<()> {
    let document = serde_json::to_value(&*DOCUMENT)?;
    let mut described = BTreeSet::new();
    for (path, item) in document["paths"].as_object().context("paths")? {
        for (method, operation) in item.as_object().context("an item")? {
            let roles: Vec<&str> =
                operation["x-roles"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            described.insert((path.clone(), method.to_uppercase(), roles.join(" ")));
        }
    }
    let there = ENDPOINTS.iter().map(|endpoint| {
        let path = format!("{PREFIX}{}", endpoint.path);
        (path, endpoint.method.to_string(), endpoint.access.roles().join(" "))
    });
    assert_eq!(described, there.collect());
    assert_eq!(described.len(), ENDPOINTS.len());
    Ok(())
}

#[test]
fn every_reference_leads_to_a_schema() -> anyhow::Result<()> {
    let document = serde_json::to_value(&*DOCUMENT)?;
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let pointer = reference.split('"').next().unwrap_or_default();
        assert!(document.pointer(pointer).is_some(), "nothing at {pointer}");
    }
    Ok(())
}

#[test]
fn every_code_is_in_the_document_and_in_the_page_of_errors() -> anyhow::Result<()> {
    let document = serde_json::to_string(&*DOCUMENT)?;
    let mut page = include_str!("errors.head.md").to_owned();
    for code in codes::ALL {
        assert!(document.contains(&format!("`{}`", code.code)), "{} is in no operation", code.code);
        let row =
            format!("| `{}` | {} | {} | {} |\n", code.code, code.status.as_u16(), code.meaning, code.remedy);
        page.push_str(&row);
    }
    let distinct: BTreeSet<&str> = codes::ALL.iter().map(|code| code.code).collect();
    assert_eq!(distinct.len(), codes::ALL.len());
    assert_file_is("errors.md", &page)
}

#[tokio::test]
async fn it_is_shown_to_everybody_and_loads_nothing_from_elsewhere() -> anyhow::Result<()> {
    let secret = "a secret of more than thirty-two bytes";
    let stand =
        Stand::open(&[("CONTRIB__AUTH__MODE", "jwt"), ("CONTRIB__AUTH__HS256_SECRET", secret)]).await?;
    let api = &stand.api;
    let get = async |path: &str| api.client.get(format!("{}{path}", api.base)).send().await;
    let document: Value = get("/openapi.json").await?.json().await?;
    assert_eq!(document, serde_json::to_value(&*DOCUMENT)?);
    let page = get("/docs").await?;
    assert_eq!((page.status().as_u16(), page.url().path()), (200, "/docs/"));
    let policy = page.headers()["content-security-policy"].to_str()?.to_owned();
    assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
    let page = page.text().await?;
    let mut parts = 0;
    for attribute in ["src=\"", "href=\""] {
        for part in page.split(attribute).skip(1) {
            let part = part.split('"').next().unwrap_or_default();
            assert!(part.starts_with("./") || !part.contains(':'), "{part} is elsewhere");
            let answer = get(&format!("/docs/{}", part.trim_start_matches("./"))).await?;
            assert_eq!(answer.status(), 200, "{part}");
            parts += 1;
        }
    }
    assert!(parts >= 4, "{page}");
    let initializer = get("/docs/swagger-initializer.js").await?.text().await?;
    assert!(initializer.contains("/openapi.json") && !initializer.contains("petstore"), "{initializer}");
    for path in ["/openapi.json", "/docs", "/docs/"] {
        let refused = api.client.post(format!("{}{path}", api.base)).send().await?;
        assert_eq!(refused.status(), 405, "{path}");
    }
    stand.close().await
}

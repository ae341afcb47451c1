//! A phone number that is stored is told by no answer of any route.

mod common;

use anyhow::ensure;
use common::Stand;
use query_api::routes::{ENDPOINTS, PREFIX};
use reqwest::Method;
use uuid::Uuid;

const PHONE: &str = "13812345678";

#[tokio::test]
async fn no_answer_tells_a_phone_number() -> anyhow::Result<()> {
    let mut stand = Stand::open(&[]).await?;
    let adoptions = stand.worked_example().await?;
    sqlx::query(
        "INSERT INTO synced_users (account_sequence, original_user_id, source_sequence_num, phone)
         VALUES ('A', $1, 1, $2)",
    )
    .bind(Uuid::new_v4())
    .bind(PHONE)
    .execute(stand.database.pool())
    .await?;
    // as if it had not been redacted
    sqlx::query(
        r#"INSERT INTO cdc_dead_letters (topic, partition, "offset", key, value, error_code, error)
           VALUES ('users', 0, 1, 'k', $1, 'bad_json', 'not a user')"#,
    )
    .bind(PHONE)
    .execute(stand.database.pool())
    .await?;
    let mut asked: Vec<(Method, String)> = ["/", "/metrics", "/health/ready", "/openapi.json", "/docs/"]
        .map(|path| (Method::GET, path.to_owned()))
        .to_vec();
    for endpoint in &ENDPOINTS {
        let path = endpoint
            .path
            .replace("{accountSequence}", "A")
            .replace("{date}", "2026-11-22")
            .replace("{originalAdoptionId}", &adoptions[0].to_string())
            .replace("{requestId}", "1");
        ensure!(!path.contains('{'), "{path}");
        asked.push((Method::from_bytes(endpoint.method.as_str().as_bytes())?, format!("{PREFIX}{path}")));
    }
    for (method, path) in asked {
        let mut request = stand.api.client.request(method.clone(), format!("{}{path}", stand.api.base));
        if method == Method::POST {
            request = request.header("content-type", "application/json").body(r#"{"accounts":["A"]}"#);
        }
        let answer = request.send().await?;
        let (head, body) = (format!("{:?}", answer.headers()), answer.text().await?);
        ensure!(!head.contains(PHONE) && !body.contains(PHONE), "{method} {path}: {body}");
    }
    stand.close().await
}

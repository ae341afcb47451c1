//! Keys change while the API runs: a JWKS file that is written anew, an address that gives other keys.

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use common::{Api, settings};
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::json;
use testkit::database::TestDatabase;
use testkit::wait::{LIMIT, until};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A key with its name.
struct Signer {
    id: &'static str,
    algorithm: Algorithm,
    key: EncodingKey,
}

impl Signer {
    fn es256(id: &'static str) -> anyhow::Result<Self> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
        let key = EncodingKey::from_ec_der(pair.to_pkcs8v1()?.as_ref());
        Ok(Self { id, algorithm: Algorithm::ES256, key })
    }

    fn rs256(id: &'static str) -> anyhow::Result<Self> {
        let pkcs8 = KeyPair::generate(KeySize::Rsa2048)?.as_der()?;
        // the key without the wrapping that names its kind
        let key = EncodingKey::from_rsa_der(inner_key(pkcs8.as_ref()));
        Ok(Self { id, algorithm: Algorithm::RS256, key })
    }

    fn token(&self) -> anyhow::Result<String> {
        let exp = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() + 300;
        let header = Header { kid: Some(self.id.to_owned()), ..Header::new(self.algorithm) };
        Ok(encode(&header, &json!({ "sub": "ops", "roles": ["operator"], "exp": exp }), &self.key)?)
    }

    fn jwk(&self) -> anyhow::Result<Jwk> {
        let mut jwk = Jwk::from_encoding_key(&self.key, self.algorithm)?;
        jwk.common.key_id = Some(self.id.to_owned());
        Ok(jwk)
    }
}

/// `PrivateKeyInfo ::= SEQUENCE { version, algorithm, OCTET STRING key }`: what the octet string holds.
fn inner_key(pkcs8: &[u8]) -> &[u8] {
    // version (3 bytes) and rsaEncryption's identifier (15) follow the outer header (4), then the string's own header (4)
    &pkcs8[4 + 3 + 15 + 4..]
}

fn jwks(signers: &[&Signer]) -> anyhow::Result<String> {
    let keys = signers.iter().map(|signer| signer.jwk()).collect::<Result<_, _>>()?;
    Ok(serde_json::to_string(&JwkSet { keys })?)
}

async fn status(api: &Api, signer: &Signer) -> anyhow::Result<u16> {
    let url = format!("{}/api/v1/unallocated", api.base);
    Ok(api.client.get(url).bearer_auth(signer.token()?).send().await?.status().as_u16())
}

fn start(database: &TestDatabase, setting: (&str, &str)) -> anyhow::Result<Api> {
    let more = [("CONTRIB__AUTH__MODE", "jwt"), setting];
    Api::start(&settings(&database.url(), &more)?)
}

#[tokio::test]
async fn a_file_that_changes() -> anyhow::Result<()> {
    let database = TestDatabase::create().await?;
    let (old, new) = (Signer::rs256("old")?, Signer::es256("new")?);
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), jwks(&[&old])?)?;
    let api = start(&database, ("CONTRIB__AUTH__JWKS_FILE", &file.path().display().to_string()))?;
    api.ready().await?;
    assert_eq!((status(&api, &old).await?, status(&api, &new).await?), (200, 401));
    // what is no JWKS changes nothing
    std::fs::write(file.path(), "{")?;
    assert_eq!(status(&api, &old).await?, 200);
    std::fs::write(file.path(), jwks(&[&new])?)?;
    until("the new key", LIMIT, async || Ok((status(&api, &new).await? == 200).then_some(()))).await?;
    assert_eq!(status(&api, &old).await?, 401);
    api.stop().await?;
    database.close().await
}

#[tokio::test]
async fn an_address_with_other_keys() -> anyhow::Result<()> {
    let database = TestDatabase::create().await?;
    let (old, new, never) = (Signer::rs256("old")?, Signer::rs256("new")?, Signer::es256("never")?);
    let issuer = Issuer::open().await?;
    issuer.answer(503, "");
    let api = start(&database, ("CONTRIB__AUTH__JWKS_URL", &issuer.url))?;
    let refused = api.client.get(format!("{}/api/v1/unallocated", api.base)).bearer_auth(old.token()?);
    let (code, problem) = common::problem_of(refused.send().await?).await?;
    assert_eq!((code, &problem["code"]), (503, &"keys_unavailable".into()), "nobody can tell yet");
    issuer.answer(200, &jwks(&[&old])?);
    api.ready().await?;
    assert_eq!(status(&api, &old).await?, 200);
    // rotated: the first token that names the new key makes it ask
    issuer.answer(200, &jwks(&[&old, &new])?);
    until("the new key", LIMIT, async || Ok((status(&api, &new).await? == 200).then_some(()))).await?;
    assert_eq!(status(&api, &old).await?, 200);
    // names that nobody knows make it ask now and then
    let asked = issuer.asked.load(Ordering::SeqCst);
    for _ in 0..50 {
        assert_eq!(status(&api, &never).await?, 401);
    }
    assert!(issuer.asked.load(Ordering::SeqCst) <= asked + 2, "a storm of unknown keys reached the issuer");
    // an issuer that fails takes no key away
    issuer.answer(200, r#"{"keys":[]}"#);
    assert_eq!(status(&api, &never).await?, 401);
    assert_eq!((status(&api, &old).await?, status(&api, &new).await?), (200, 200));
    api.stop().await?;
    database.close().await
}

/// Gives a JWKS over HTTP.
struct Issuer {
    url: String,
    asked: Arc<AtomicUsize>,
    answer: Arc<Mutex<String>>,
    serving: JoinHandle<()>,
}

impl Issuer {
    async fn open() -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}/jwks", listener.local_addr()?);
        let (asked, answer) = (Arc::<AtomicUsize>::default(), Arc::<Mutex<String>>::default());
        let (count, text) = (Arc::clone(&asked), Arc::clone(&answer));
        let serving = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let text = text.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let mut head = [0; 2048];
                let _ = stream.read(&mut head).await;
                let _ = stream.write_all(text.as_bytes()).await;
            }
        });
        Ok(Self { url, asked, answer, serving })
    }

    fn answer(&self, status: u16, body: &str) {
        let length = body.len();
        let text = format!(
            "HTTP/1.1 {status} -\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

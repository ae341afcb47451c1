//! A `PostgreSQL` that can be cut off: a relay of bytes before the tests' server.

use std::str::FromStr as _;

use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnectOptions;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub(crate) struct Proxy {
    /// Of the same database, by way of the relay.
    pub(crate) url: String,
    is_cut: watch::Sender<bool>,
}

impl Proxy {
    pub(crate) async fn before(url: &str) -> Self {
        let server = PgConnectOptions::from_str(url).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let behind = (server.get_host().to_owned(), server.get_port());
        let (is_cut, watched) = watch::channel(false);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if !*watched.borrow() {
                    tokio::spawn(relay(client, behind.clone(), watched.clone()));
                }
            }
        });
        let url = server.host("127.0.0.1").port(port).to_url_lossy().to_string();
        Self { url, is_cut }
    }

    /// Breaks every connection, and all that are tried from now on.
    pub(crate) fn cut(&self) {
        self.is_cut.send_replace(true);
    }

    pub(crate) fn mend(&self) {
        self.is_cut.send_replace(false);
    }
}

async fn relay(mut client: TcpStream, behind: (String, u16), mut is_cut: watch::Receiver<bool>) {
    let mut server = TcpStream::connect(behind).await.unwrap();
    tokio::select! {
        // either side may end it
        _ = copy_bidirectional(&mut client, &mut server) => {}
        _ = is_cut.wait_for(|cut| *cut) => {}
    }
}

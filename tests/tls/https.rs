//! `https` by the feature `client-rustls`, over real sockets and in real time.

#![allow(clippy::disallowed_methods, reason = "over a socket time is real")]

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

use reqwest::Certificate;
use resil::http::balance::Endpoints;
use resil::http::client::{Builder, ClientError};
use resil::{Client, RetryPolicy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// A server whose certificate is for one name.
struct Server {
    address: SocketAddr,
    certificate: Certificate,
    handshakes: Arc<AtomicU32>,
}

impl Server {
    async fn start(name: &str) -> Self {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let handshakes = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&handshakes);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (acceptor, counted) = (acceptor.clone(), Arc::clone(&counted));
                tokio::spawn(async move {
                    let Ok(mut socket) = acceptor.accept(socket).await else {
                        return;
                    };
                    counted.fetch_add(1, Relaxed);
                    let mut read = Vec::new();
                    while socket.read_buf(&mut read).await.is_ok_and(|n| n > 0) {
                        if read.ends_with(b"\r\n\r\n") {
                            read.clear();
                            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecret";
                            if socket.write_all(answer).await.is_err() {
                                return;
                            }
                        }
                    }
                });
            }
        });
        Self {
            address,
            certificate: Certificate::from_der(made.cert.der()).unwrap(),
            handshakes,
        }
    }

    /// A client that trusts the certificate, and finds `name` here.
    fn client(&self, of: &str, name: &'static str) -> Builder {
        let (address, certificate) = (self.address, self.certificate.clone());
        Client::builder(format!("tls-{of}")).http(move |http| {
            http.resolve(name, address)
                .tls_certs_only([certificate.clone()])
        })
    }
}

#[tokio::test]
async fn a_certificate_for_the_name_is_taken_and_the_connection_kept() {
    let server = Server::start("pay.internal").await;
    let client = server
        .client("good", "pay.internal")
        .base_url(format!("https://pay.internal:{}", server.address.port()))
        .build()
        .unwrap();
    for _ in 0..3 {
        let answer = client.get("/").send().await.unwrap();
        assert_eq!(answer.url().scheme(), "https");
        assert_eq!(answer.text().await.unwrap(), "secret");
    }
    assert_eq!(server.handshakes.load(Relaxed), 1);
}

#[tokio::test]
async fn an_endpoint_may_be_one_of_https() {
    let server = Server::start("pay-1.internal").await;
    let endpoint = format!("https://pay-1.internal:{}", server.address.port());
    let client = server
        .client("endpoint", "pay-1.internal")
        .endpoints(Endpoints::list([endpoint]).unwrap())
        .build()
        .unwrap();
    let answer = client.get("/").send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "secret");
}

#[tokio::test]
async fn a_certificate_for_another_name_makes_no_connection() {
    let server = Server::start("other.internal").await;
    let client = server
        .client("other", "pay.internal")
        .base_url(format!("https://pay.internal:{}", server.address.port()))
        .no_retry()
        .build()
        .unwrap();
    let error = client.post("/").body("secret").send().await.unwrap_err();
    assert!(error.is_unsent(), "{error:?}");
    assert!(
        matches!(error, ClientError::NoConnection { .. }),
        "{error:?}"
    );
    assert!(error.source().is_some());
    assert!(error.to_string().contains("certificate"), "{error}");
    assert_eq!(server.handshakes.load(Relaxed), 0);
}

#[tokio::test]
async fn a_handshake_that_hangs_is_no_connection_in_time() {
    // It takes connections, and says nothing.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let limit = Duration::from_millis(200);
    let client = Client::builder("tls-hangs")
        .base_url(format!("https://{}", listener.local_addr().unwrap()))
        .connect(limit)
        .attempt(Duration::from_secs(20))
        .total(Duration::from_secs(60))
        .retry(RetryPolicy::new().max(2).base(Duration::from_millis(1)))
        .build()
        .unwrap();
    let accepts = tokio::spawn(async move {
        let mut held = Vec::new();
        loop {
            held.push(listener.accept().await.unwrap());
        }
    });
    let began = Instant::now();
    let error = client.post("/").body("secret").send().await.unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(10));
    let ClientError::Connect { limit: passed, .. } = &error else {
        panic!("{error:?}");
    };
    assert_eq!(*passed, limit);
    assert!(error.is_unsent());
    accepts.abort();
}

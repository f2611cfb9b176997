//! Channels and servers of tonic's under the layers.

#[path = "../../../tests/grpc/codec.rs"]
mod codec;
#[allow(dead_code, reason = "it has the frames for other tests, too")]
#[path = "../../../tests/grpc/http2.rs"]
mod http2;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use codec::{Message, Plain};
use http::{Request, Response};
use resil_http::layers::{CircuitLayer, RetryLayer, StackLayer, TimeoutLayer};
use resil_http::{BoxError, HttpOutcome};
use resil_runtime::circuit::CircuitPolicy;
use resil_runtime::retry::RetryPolicy;
use resil_runtime::{Error, Stack, TimeoutPolicy};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tonic::body::Body;
use tonic::codec::{DecodeBuf, EncodeBuf};
use tonic::server::NamedService;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Code, Status};
use tower::ServiceBuilder;

use crate::support::{at_once, free_address};

const RETRY: RetryPolicy = at_once(4).no_budget();

/// A message of one byte.
impl Message for u8 {
    fn write(self, to: &mut EncodeBuf<'_>) {
        bytes::BufMut::put_u8(to, self);
    }

    fn read(from: &mut DecodeBuf<'_>) -> Self {
        bytes::Buf::get_u8(from)
    }
}

/// Calls a method of the service `pay.Pay` with a byte.
async fn call<S>(service: S, path: &'static str, byte: u8) -> Result<u8, Status>
where
    S: tonic::client::GrpcService<
            Body,
            ResponseBody: http_body::Body<Error: Into<BoxError>> + Send + 'static,
        >,
    <S::ResponseBody as http_body::Body>::Data: Send,
{
    let mut client = tonic::client::Grpc::new(service);
    client
        .ready()
        .await
        .map_err(|error| Status::from_error(error.into()))?;
    let path = http::uri::PathAndQuery::from_static(path);
    let answer = client.unary::<u8, u8, _>(tonic::Request::new(byte), path, Plain::new());
    answer.await.map(tonic::Response::into_inner)
}

/// The service `pay.Pay`, as tonic's generated code makes one: it answers as the closure says, which gets the number
/// of the call from 1 and its byte.
#[derive(Clone)]
struct Pay<F>(F, Arc<AtomicUsize>);

impl<F> NamedService for Pay<F> {
    const NAME: &'static str = "pay.Pay";
}

impl<F> tower_service::Service<Request<Body>> for Pay<F>
where
    F: Fn(usize, u8) -> Result<u8, Status> + Clone + Send + Sync + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future =
        std::pin::Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        #[derive(Clone)]
        struct Unary<F>(F, usize);
        impl<F> tonic::server::UnaryService<u8> for Unary<F>
        where
            F: Fn(usize, u8) -> Result<u8, Status> + Send + 'static,
        {
            type Response = u8;
            type Future = std::future::Ready<Result<tonic::Response<u8>, Status>>;
            fn call(&mut self, request: tonic::Request<u8>) -> Self::Future {
                let answer = (self.0)(self.1, request.into_inner());
                std::future::ready(answer.map(tonic::Response::new))
            }
        }
        let n = self.1.fetch_add(1, Ordering::SeqCst) + 1;
        let unary = Unary(self.0.clone(), n);
        Box::pin(async move {
            Ok(tonic::server::Grpc::new(Plain::<u8>::new())
                .unary(unary, request)
                .await)
        })
    }
}

/// Serves `pay.Pay`, and returns a channel to it, and the number of calls.
async fn pay<F>(answer: F) -> (Channel, Arc<AtomicUsize>)
where
    F: Fn(usize, u8) -> Result<u8, Status> + Clone + Send + Sync + 'static,
{
    let calls = Arc::new(AtomicUsize::new(0));
    let service = Pay(answer, Arc::clone(&calls));
    let at = serve(Server::builder().add_service(service)).await;
    (channel(at), calls)
}

async fn serve<L>(router: tonic::transport::server::Router<L>) -> SocketAddr
where
    L: tower_layer::Layer<tonic::service::Routes> + Clone + Send + 'static,
    L::Service: tower_service::Service<
            Request<Body>,
            Response = Response<Body>,
            Future: Send,
            Error: Into<BoxError> + Send,
        > + Clone
        + Send
        + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let incoming = tokio_stream::wrappers::TcpListenerStream::new(listener);
    tokio::spawn(router.serve_with_incoming(incoming));
    at
}

fn channel(at: SocketAddr) -> Channel {
    Endpoint::from_shared(format!("http://{at}"))
        .unwrap()
        .connect_lazy()
}

fn unavailable(n: usize, byte: u8) -> Result<u8, Status> {
    if n < 3 {
        Err(Status::unavailable("not yet"))
    } else {
        Ok(byte + 1)
    }
}

#[tokio::test]
async fn a_channel_is_retried_where_its_method_may_be_called_twice() {
    let rule = HttpOutcome::new().repeat_if(|request| request.uri.path() == "/pay.Pay/Quote");
    let layer = RetryLayer::new(RETRY).outcome(rule);
    let (channel, calls) = pay(unavailable).await;
    let service = ServiceBuilder::new().layer(layer.clone()).service(channel);
    assert_eq!(call(service, "/pay.Pay/Quote", 41).await.unwrap(), 42);
    assert_eq!(calls.load(Ordering::SeqCst), 3);

    let (channel, calls) = pay(unavailable).await;
    let service = ServiceBuilder::new().layer(layer).service(channel);
    let status = call(service, "/pay.Pay/Charge", 41).await.unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::Unavailable, "not yet")
    );
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_push_back_ends_the_attempts() {
    let (channel, calls) = pay(|_, _| {
        let mut status = Status::unavailable("enough");
        status
            .metadata_mut()
            .insert("grpc-retry-pushback-ms", "-1".parse().unwrap());
        Err(status)
    })
    .await;
    let layer = RetryLayer::new(RETRY).outcome(HttpOutcome::new().repeat_if(|_| true));
    let service = ServiceBuilder::new().layer(layer).service(channel);
    let status = call(service, "/pay.Pay/Quote", 1).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_circuit_around_a_channel_counts_its_statuses() {
    let (channel, calls) = pay(|n, byte| match n {
        1 => Err(Status::not_found("no such thing")),
        2 => Err(Status::internal("broken")),
        _ => Ok(byte),
    })
    .await;
    let layer = CircuitLayer::new(CircuitPolicy::new().failures(1));
    let service = ServiceBuilder::new().layer(layer).service(channel);
    for code in [Code::NotFound, Code::Internal] {
        let status = call(service.clone(), "/pay.Pay/Charge", 1)
            .await
            .unwrap_err();
        assert_eq!(status.code(), code);
    }
    // The refusal is known in the status that tonic makes of it.
    let status = call(service, "/pay.Pay/Charge", 1).await.unwrap_err();
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    let mut source = std::error::Error::source(&status);
    let refusal = std::iter::from_fn(|| {
        let this = source?;
        source = this.source();
        Some(this)
    })
    .find_map(|error| error.downcast_ref::<Error>());
    assert!(
        matches!(refusal, Some(Error::CircuitOpen { .. })),
        "{status:?}"
    );
}

/// Nobody listens: nothing was sent.
#[tokio::test]
async fn a_channel_that_can_not_connect_was_not_sent() {
    let at = free_address();
    let patient = RETRY.max(1_000).base(Duration::from_millis(5));
    let service = ServiceBuilder::new()
        .layer(RetryLayer::new(patient))
        .service(channel(at));
    let answer = tokio::spawn(call(service, "/pay.Pay/Charge", 41));
    tokio::time::sleep(Duration::from_millis(50)).await;
    let listener = TcpListener::bind(at).await.unwrap();
    let calls = Arc::new(AtomicUsize::new(0));
    let service = Pay(|_, byte| Ok(byte + 1), Arc::clone(&calls));
    let incoming = tokio_stream::wrappers::TcpListenerStream::new(listener);
    tokio::spawn(
        Server::builder()
            .add_service(service)
            .serve_with_incoming(incoming),
    );
    assert_eq!(answer.await.unwrap().unwrap(), 42);
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

/// A server that refuses a stream, or goes away before it: it has done nothing with the request. The body had been
/// sent, and is sent again.
#[tokio::test]
async fn a_stream_that_the_server_refused_is_sent_again() {
    for goes_away in [false, true] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let served = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&served);
        tokio::spawn(async move {
            for connection in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                if connection == 0 && goes_away {
                    tokio::spawn(go_away(stream));
                } else {
                    let refuses = connection == 0;
                    tokio::spawn(refuse_first(stream, refuses, Arc::clone(&counted)));
                }
            }
        });
        let service = ServiceBuilder::new()
            .layer(RetryLayer::new(RETRY))
            .service(channel(at));
        let out = call(service, "/pay.Pay/Charge", 41).await.unwrap_err();
        assert_eq!(out.code(), Code::NotFound, "{out:?}");
        assert_eq!(served.load(Ordering::SeqCst), 1);
    }
}

/// Says of the first request that it is past the last one that was taken.
async fn go_away(mut stream: TcpStream) {
    http2::open(&mut stream, &[]).await;
    http2::request(&mut stream).await.unwrap();
    let goaway = http2::goaway(0, http2::NO_ERROR);
    stream.write_all(&goaway).await.unwrap();
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
}

/// Refuses the first stream of a connection, if it `refuses`, and answers `NOT_FOUND` to the others.
async fn refuse_first(stream: TcpStream, mut refuses: bool, served: Arc<AtomicUsize>) {
    let mut server = h2::server::handshake(stream).await.unwrap();
    while let Some(Ok((request, mut respond))) = server.accept().await {
        if std::mem::take(&mut refuses) {
            respond.send_reset(h2::Reason::REFUSED_STREAM);
            continue;
        }
        served.fetch_add(1, Ordering::SeqCst);
        tokio::spawn(async move {
            let mut body = request.into_body();
            let mut bytes = Vec::new();
            while let Some(Ok(some)) = body.data().await {
                bytes.extend(some);
            }
            assert_eq!(bytes, [0, 0, 0, 0, 1, 41]);
            let answer = Response::builder()
                .header("content-type", "application/grpc")
                .header("grpc-status", "5");
            respond
                .send_response(answer.body(()).unwrap(), true)
                .unwrap();
        });
    }
}

#[tokio::test]
async fn a_server_of_tonic_under_the_layers() {
    let calls = Arc::new(AtomicUsize::new(0));
    let service = Pay(|_, byte| Ok(byte + 1), Arc::clone(&calls));
    let stack = Stack::new("sockets-grpc-server").circuit(CircuitPolicy::new());
    let layers = ServiceBuilder::new()
        .layer(StackLayer::new(stack))
        .layer(TimeoutLayer::new(TimeoutPolicy::new(Duration::from_secs(
            10,
        ))))
        .into_inner();
    let at = serve(Server::builder().layer(layers).add_service(service)).await;
    assert_eq!(call(channel(at), "/pay.Pay/Charge", 41).await.unwrap(), 42);
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

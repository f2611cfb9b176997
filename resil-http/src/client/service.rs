//! The client as a service of tower.

use std::pin::Pin;
use std::task::{Context, Poll};

use ::http::{Request, Version};
use tower::Service;

use super::answer::ResponseBody;
use super::body::Body;
use super::call::send;
use super::error::ClientError;
use super::handle::Client;
use super::order::Order;

/// The future of a call through the service.
type Calling =
    Pin<Box<dyn Future<Output = Result<::http::Response<ResponseBody>, ClientError>> + Send>>;

/// The client is always ready: a policy refuses a call, not the service. The URI of a request is treated as its
/// path is in [`Client::get`]. Its version is not looked at: a request that came in over HTTP/2 goes on over
/// HTTP/1.1 where the other side speaks that. Its extensions are not sent.
impl Service<Request<Body>> for Client {
    type Response = ::http::Response<ResponseBody>;
    type Error = ClientError;
    type Future = Calling;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ClientError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Calling {
        let client = self.of_request();
        Box::pin(async move {
            let (mut head, body) = request.into_parts();
            // That of a request that came in is no wish: the connection decides. reqwest fails where the two differ.
            // Of HTTP/3 it has a client of its own, which it takes by the version.
            if head.version != Version::HTTP_3 {
                head.version = Version::default();
            }
            let url = client.settings().target.url(&head.uri.to_string());
            let mut order = Order::new(Request::from_parts(head, ()), body);
            let response = send(&client, url, &mut order).await?;
            Ok(response.into())
        })
    }
}

//! The client as a service of tower.

use std::pin::Pin;
use std::task::{Context, Poll};

use ::http::Request;
use tower::Service;

use super::answer::ResponseBody;
use super::body::Body;
use super::call::{Order, send};
use super::error::ClientError;
use super::handle::Client;
use super::target::request_url;

/// The future of a call through the service.
type Calling =
    Pin<Box<dyn Future<Output = Result<::http::Response<ResponseBody>, ClientError>> + Send>>;

/// The client is always ready: a policy refuses a call, not the service. The URI of a request is treated as its
/// path is in [`Client::get`].
impl Service<Request<Body>> for Client {
    type Response = ::http::Response<ResponseBody>;
    type Error = ClientError;
    type Future = Calling;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ClientError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Calling {
        let client = self.shared().clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let url = request_url(client.settings().base.as_ref(), &head.uri.to_string())?;
            let order = Order {
                head: Request::from_parts(head, ()),
                url,
                body,
                total: None,
                attempt: None,
                retried_by: None,
                balance_key: None,
            };
            let response = send(client.settings(), client.context(), order).await?;
            Ok(response.into())
        })
    }
}

//! Endpoints from a stream of changes.

use std::collections::HashMap;
use std::hash::Hash;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_util::StreamExt as _;
use pin_project_lite::pin_project;
use tower::discover::{Change, Discover};

use super::{Sink, Update};
use crate::BoxError;
use crate::balance::endpoint::Endpoint;
use crate::balance::mask::MAX_ENDPOINTS;

/// What a stream tells, of whatever type it is.
pub(in crate::balance) type Boxed = Pin<Box<dyn Stream<Item = Update> + Send>>;

/// The changes that are made in one step: a stream that is always ready must not keep the task.
const AT_ONCE: usize = 1_024;

pin_project! {
    /// The endpoints by key, as a stream of what is known after each change.
    pub(in crate::balance) struct ByKey<D: Discover> {
        #[pin]
        changes: D,
        known: HashMap<D::Key, Endpoint>,
        wrong: Option<String>,
        is_over: bool,
    }
}

impl<D> ByKey<D>
where
    D: Discover<Service = Endpoint>,
    D::Key: Hash,
{
    pub(in crate::balance) fn new(changes: D) -> Self {
        Self {
            changes,
            known: HashMap::new(),
            wrong: None,
            is_over: false,
        }
    }
}

impl<D> Stream for ByKey<D>
where
    D: Discover<Service = Endpoint, Error: Into<BoxError>>,
    D::Key: Hash,
{
    type Item = Update;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Update>> {
        let mut this = self.project();
        if let Some(wrong) = this.wrong.take() {
            return Poll::Ready(Some(Update::Wrong(wrong)));
        }
        if *this.is_over {
            return Poll::Ready(None);
        }
        let mut changed = false;
        for _ in 0..AT_ONCE {
            match this.changes.as_mut().poll_discover(cx) {
                Poll::Pending if changed => break,
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(Change::Insert(key, endpoint)))) => {
                    if this.known.len() < MAX_ENDPOINTS || this.known.contains_key(&key) {
                        this.known.insert(key, endpoint);
                        changed = true;
                    } else {
                        *this.wrong = Some(format!(
                            "the stream of changes has more than {MAX_ENDPOINTS} endpoints: `{endpoint}` is left out"
                        ));
                    }
                }
                Poll::Ready(Some(Ok(Change::Remove(key)))) => {
                    changed |= this.known.remove(&key).is_some();
                }
                Poll::Ready(Some(Err(error))) => {
                    let error: BoxError = error.into();
                    *this.wrong = Some(format!("the stream of changes: {error}"));
                    break;
                }
                Poll::Ready(None) => {
                    *this.is_over = true;
                    *this.wrong = Some(
                        "the stream of changes has ended: the endpoints stay as they are".into(),
                    );
                    break;
                }
            }
        }
        if changed {
            let known = this.known.values().cloned().collect();
            return Poll::Ready(Some(Update::Known(known)));
        }
        match this.wrong.take() {
            Some(wrong) => Poll::Ready(Some(Update::Wrong(wrong))),
            // A thousand changes that changed nothing: others have their turn first.
            None => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }
}

/// Tells `sink` of each change, until the stream ends or nobody is left.
pub(in crate::balance) async fn follow(mut changes: Boxed, sink: impl Sink) {
    while let Some(update) = changes.next().await {
        if !sink.tell(update) {
            return;
        }
    }
}

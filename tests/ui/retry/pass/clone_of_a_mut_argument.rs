//! Each attempt gets its own copy of what the body changes: the second one does not send the
//! first one's trace header too.
#![deny(warnings, unused_qualifications)]
use std::cell::Cell;

use resil::retry;

#[derive(Clone, Default)]
struct Request {
    headers: Vec<(&'static str, u32)>,
}

struct Gateway {
    calls: Cell<u32>,
}

impl Gateway {
    #[retry(max = 4, base = 10ms, clone(request))]
    async fn send(&self, mut request: Request) -> Result<Request, &'static str> {
        let attempt = self.calls.replace(self.calls.get() + 1) + 1;
        request.headers.push(("x-attempt", attempt));
        if attempt < 3 {
            Err("connection reset")
        } else {
            Ok(request)
        }
    }
}

#[tokio::test(start_paused = true)]
async fn main() {
    let gateway = Gateway {
        calls: Cell::new(0),
    };
    let sent = gateway.send(Request::default()).await;
    assert_eq!(sent.map(|r| r.headers), Ok(vec![("x-attempt", 3)]));
    assert_eq!(gateway.calls.get(), 3);
}

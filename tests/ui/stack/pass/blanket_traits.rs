//! A trait of the user's for every type, with methods by the names that generated code calls: it
//! captures none of those calls.

use std::time::Duration;

use resil::{Classify, circuit, idempotent, retry, timeout};

macro_rules! for_everything {
    ($name:ident: $self:ty, $($method:ident)*) => {
        #[allow(dead_code)]
        trait $name {
            $(fn $method(self: $self) where Self: Sized { panic!(stringify!($method)) })*
        }
        impl<T> $name for T {}
    };
}

for_everything!(ByValue: Self,
    again attempt pause of begin begin_on run admit instance keyed settle settle_by_value asking
    leaving_out class shown part finish name max base cap forget_runs retry_after classify end end_alone again_alone again_seen);
for_everything!(ByReference: &Self,
    again attempt pause of begin begin_on run admit instance keyed settle settle_by_value asking
    leaving_out class shown part finish name max base cap forget_runs retry_after classify end end_alone again_alone again_seen);

#[derive(Debug, Clone, PartialEq, thiserror::Error, Classify)]
enum Fault {
    #[error("lost")]
    #[transient]
    Lost,
    #[error("busy")]
    #[throttled(retry_after = after)]
    Busy { after: Duration },
    #[error(transparent)]
    #[classify(forward)]
    Io(#[from] Inner),
    #[error(transparent)]
    #[permanent]
    Resil(#[from] resil::Error),
}

#[derive(Debug, Clone, PartialEq, thiserror::Error, Classify)]
#[error("inner")]
#[transient]
struct Inner;

#[idempotent(key = id)]
#[circuit(failures = 3, on(Fault::Lost))]
#[retry(max = 3, base = 1ms, attempt = n, unless(Fault::Resil(_)))]
#[timeout(1s)]
async fn four(id: u64) -> Result<u32, Fault> {
    match n {
        1 => Err(Fault::Lost),
        2 => Err(Fault::Io(Inner)),
        _ => Ok(n),
    }
}

#[circuit(failures = 3, key = id)]
async fn keyed(id: u64) -> Result<u32, Fault> {
    let _ = id;
    Ok(1)
}

#[retry(max = 2, base = 1ms)]
#[circuit(name = "blanket", failures = 3, on_ok(7))]
#[idempotent(key = id, forget_ok(9))]
async fn turned(id: u64) -> Result<u32, Fault> {
    let _ = id;
    Ok(1)
}

struct Client;

impl Client {
    #[retry(max = 2)]
    #[timeout(1s)]
    async fn method(&self) -> Result<u32, Fault> {
        Err(Fault::Busy { after: Duration::ZERO })
    }
}

#[tokio::test]
async fn main() {
    assert_eq!(four(1).await, Ok(3));
    assert_eq!(keyed(1).await, Ok(1));
    assert_eq!(turned(1).await, Ok(1));
    assert!(Client.method().await.is_err());
}

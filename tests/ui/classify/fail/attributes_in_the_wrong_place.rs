use std::time::Duration;

use resil::{Classify, retry};

#[derive(Classify)]
#[classify(forward)]
enum Api {
    #[classify(default = transient)]
    Lost,
    #[classify(forward, crate = my_resil)]
    Resil(resil::Error),
    #[throttled]
    Busy {
        #[throttled(retry_after = wait)]
        wait: Duration,
    },
}

#[derive(Classify)]
#[permanent]
struct Gone(#[transient] u8);

// What asks for the trait is not reported too.
#[retry]
async fn call<E: Classify>(e: E) -> Result<(), Api> {
    let _ = (e.classify(), Api::Lost.classify(), Gone(1).classify());
    Ok(())
}

fn main() {
    drop(call(Api::Busy { wait: Duration::ZERO }));
}

use std::time::Duration;

#[derive(resil::Classify)]
enum Api {
    #[throttled(retry_after = delay)]
    Fast { wait: Duration },
    #[throttled(retry_after = 1)]
    Slow(Duration),
    #[throttled(wait)]
    Other { wait: Duration },
}

fn main() {
    let _ = (Api::Fast { wait: Duration::ZERO }, Api::Slow(Duration::ZERO));
    let _ = Api::Other { wait: Duration::ZERO };
}

#[derive(resil::Classify)]
enum Api {
    #[throttled(retry_after = wait)]
    Busy,
    #[throttled(retry_after = wait)]
    Full {},
}

fn main() {
    drop((Api::Busy, Api::Full {}));
}

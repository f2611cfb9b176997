#[derive(resil::Classify)]
enum Api {
    #[throttled(retry_after = seconds)]
    Fast { seconds: u64 },
}

fn main() {
    let _ = Api::Fast { seconds: 1 };
}

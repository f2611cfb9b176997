//! `#[tokio::main]` above runs first; rustc shows the order of the two lines.
#[tokio::main]
#[resil::retry]
async fn main() -> u32 {
    1
}

use resil::{circuit, retry, timeout};

type Answer = String;

#[retry]
async fn bare() -> Answer {
    String::new()
}

#[circuit]
#[timeout(1s)]
async fn refusing() -> Answer {
    String::new()
}

struct Page;

#[circuit]
#[retry]
#[timeout(1s)]
async fn page() -> Page {
    Page
}

fn main() {}

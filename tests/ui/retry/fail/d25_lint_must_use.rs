#![deny(unused_must_use)]

#[must_use]
#[resil::retry]
#[resil::timeout(1s)]
async fn fetch() -> Result<u32, resil::Error> {
    Ok(1)
}

async fn caller() {
    fetch();
    fetch().await;
}

fn main() {
    drop(caller());
}

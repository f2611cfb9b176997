#![deny(unused_variables)]

use resil::retry;

#[retry(max = 2, attempt = n)]
async fn never_used() -> Result<u32, String> {
    Ok(1)
}

#[retry(max = 2, attempt = n)]
async fn of_another_type() -> Result<String, String> {
    Ok(n)
}

fn main() {
    drop(never_used());
    drop(of_another_type());
}

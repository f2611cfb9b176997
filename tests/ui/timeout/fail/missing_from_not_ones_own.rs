//! The error type is not the user's: no variant can be added to it.
use resil::timeout;

#[timeout(5s)]
async fn pay(amount: u32) -> Result<u32, String> {
    if amount == 0 {
        return Err("refused".to_owned());
    }
    Ok(amount)
}

fn main() {
    drop(pay(1));
}

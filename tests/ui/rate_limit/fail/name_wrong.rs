use resil::rate_limit;

#[rate_limit(name = pay, max = 100, per = 1s)]
async fn without_quotes() -> Result<u32, resil::Error> {
    Ok(1)
}

#[rate_limit(name = "the bank/pay", max = 100, per = 1s)]
async fn letters() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}

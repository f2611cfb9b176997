use resil::rate_limit;

#[rate_limit(max = 100, per = 1s, store = 5s)]
async fn a_duration() -> Result<u32, resil::Error> {
    Ok(1)
}

#[rate_limit(max = 100, per = 1s, store = "redis://10.0.0.7/")]
async fn an_address() -> Result<u32, resil::Error> {
    Ok(1)
}

#[rate_limit(max = 100, per = 1s, redis = "shared")]
async fn another_word() -> Result<u32, resil::Error> {
    Ok(1)
}

#[rate_limit(max = 100, per = 1s, store = "shared", on_outage = allow)]
async fn a_word_from_elsewhere() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}

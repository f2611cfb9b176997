struct Params(u32);

#[resil::idempotent(key = order, fingerprint = params)]
async fn pay(order: u32, params: Params) -> Result<u32, resil::Error> {
    Ok(order + params.0)
}

fn main() {}

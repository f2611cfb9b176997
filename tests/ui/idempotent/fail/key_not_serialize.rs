struct Id(u32);

#[resil::idempotent(key = id)]
async fn pay(id: Id) -> Result<u32, resil::Error> {
    Ok(id.0)
}

fn main() {}

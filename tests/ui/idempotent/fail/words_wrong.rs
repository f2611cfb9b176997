use resil::idempotent;

#[idempotent(key = order, conflict = rejct)]
async fn slip(order: u32) -> Result<u32, resil::Error> {
    Ok(order)
}

#[idempotent(key = order, conflict = fail)]
async fn stranger(order: u32) -> Result<u32, resil::Error> {
    Ok(order)
}

#[idempotent(key = order, on_abandon = "retry")]
async fn text(order: u32) -> Result<u32, resil::Error> {
    Ok(order)
}

#[idempotent(key = order, reject)]
async fn without_option(order: u32) -> Result<u32, resil::Error> {
    Ok(order)
}

fn main() {}

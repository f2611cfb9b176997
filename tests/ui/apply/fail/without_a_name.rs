//! At the attribute, and each function is still there.
#[resil::apply]
async fn none() -> Result<u32, resil::Error> {
    Ok(1)
}

#[resil::apply()]
async fn empty() -> Result<u32, resil::Error> {
    Ok(1)
}

#[resil::apply("PAY")]
async fn text() -> Result<u32, resil::Error> {
    Ok(1)
}

#[resil::apply(stack = PAY, retry(max = 2))]
async fn named() -> Result<u32, resil::Error> {
    Ok(1)
}

#[resil::apply(retry(max = 2), PAY)]
async fn behind() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {
    let _ = (none(), empty(), text(), named(), behind());
}

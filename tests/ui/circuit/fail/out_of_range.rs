use resil::circuit;

#[circuit(failures = 0)]
async fn no_failures() -> Result<u32, resil::Error> {
    Ok(1)
}

#[circuit(failures = 70000)]
async fn too_many_failures() -> Result<u32, resil::Error> {
    Ok(1)
}

#[circuit(probes = 256)]
async fn too_many_probes() -> Result<u32, resil::Error> {
    Ok(1)
}

#[circuit(open_for = 0s)]
async fn never_open() -> Result<u32, resil::Error> {
    Ok(1)
}

#[circuit(failure_rate = 50%, window = 10_001)]
async fn too_many_calls() -> Result<u32, resil::Error> {
    Ok(1)
}

#[circuit(failure_rate = 50%, window = 50ms)]
async fn too_short() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}

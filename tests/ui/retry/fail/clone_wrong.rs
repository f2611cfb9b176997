use resil::retry;

#[retry(clone(requst))]
async fn slip(request: String) -> Result<String, String> {
    Ok(request)
}

#[retry(clone(request, request))]
async fn twice(request: String) -> Result<String, String> {
    Ok(request)
}

#[retry(clone(request.id))]
async fn expression(request: String) -> Result<String, String> {
    Ok(request)
}

fn main() {}

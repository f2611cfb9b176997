struct Settings;

impl Settings {
    fn limit(&self) -> Option<std::time::Duration> {
        None
    }
}

#[resil::timeout(settings.limit())]
async fn fetch(settings: Settings) -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}

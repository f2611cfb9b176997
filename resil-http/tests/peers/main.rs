//! The client against real peers, on real time.

mod backend;
mod proxy;

/// The proxies themselves pass on what a backend says: what the other tests stand on.
#[tokio::test]
async fn the_proxies_pass_on() {
    if !proxy::are_there() {
        println!("LEFT OUT: nginx and HAProxy are not here. `./test` installs them.");
        return;
    }
    let backend = backend::Backend::start().await;
    for between in proxy::Between::ALL {
        let proxy = between.start(backend.address);
        let address = proxy
            .as_ref()
            .map_or(backend.address, |proxy| proxy.address);
        let mut client = reqwest::Client::builder().no_proxy();
        if between.is_h2() {
            client = client.http2_prior_knowledge();
        }
        let client = client.build().unwrap();
        let response = client.get(format!("http://{address}/ok")).send().await;
        let text = response.unwrap().text().await.unwrap();
        assert_eq!(text, "fine", "{between:?}");
    }
    assert_eq!(backend.seen("GET /ok"), 5);
}

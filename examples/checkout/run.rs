//! A run: the three shops side by side, and then the storm of customers.

use std::error::Error;
use std::sync::Arc;

use tokio::sync::watch;

use crate::asked::Asked;
use crate::load::{Call, Plan, Shop};
use crate::provider::Provider;
use crate::table::Paint;
use crate::tally::{self, Row, Storm, Told};
use crate::weather::{self, Weather};
use crate::{chaos, report, sale};

/// The seed of the weather: another one shuffles the same faults differently.
pub(crate) const SEED: u64 = 2026;
const NAMES: [&str; 3] = ["with resil", "without", "without key"];

/// Runs the three shops side by side, and returns the promises that were broken.
pub(crate) async fn run(paint: Paint, asked: &Asked) -> Result<Vec<String>, Box<dyn Error>> {
    let injected = match asked.chaos {
        Some(percent) => Some(chaos::inject(percent, SEED)?),
        None => None,
    };
    let plan = Arc::new(Plan::new(SEED));
    let (weathercock, up) = watch::channel(true);
    let shop = |call| -> Result<Arc<Shop>, Box<dyn Error>> {
        let provider = Provider::start(Weather::new(SEED), up.clone())?;
        Ok(Arc::new(Shop::new(call, provider)?))
    };
    let shops = [shop(Call::Resil)?, shop(Call::Bare)?, shop(Call::Keyless)?];

    let (told, circuit, _listening) = Told::listen();
    report::opening(paint, NAMES);
    let serve = shops
        .each_ref()
        .map(|shop| Arc::clone(shop).serve(Arc::clone(&plan)));
    let [with, without, keyless] = serve;
    tokio::select! {
        _ = async { tokio::join!(with, without, keyless) } => {}
        () = weather::outage(weathercock) => {}
        () = report::live(paint, &shops, up, circuit) => {}
    }

    let none = Told::default();
    let told_to = [&*told, &none, &none];
    let rows = [0, 1, 2].map(|n| Row::new(NAMES[n], &shops[n], &plan, told_to[n]));
    let storms = [0, 1, 2].map(|n| Storm::new(NAMES[n], &shops[n]));
    report::closing(paint, &rows, &storms, &told);
    let mut broken = tally::broken(&rows, &storms, &told);
    broken.extend(sale::run(paint).await?);
    if let Some(injected) = injected {
        injected.print();
    }
    Ok(broken)
}

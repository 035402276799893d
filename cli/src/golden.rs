use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use tidings_sim::{Replay, Tape};

use crate::{Error, Experiment, Failure, PlantedRule, Run, Scenario, experiment};

/// A run by its choices, written down: what a failing run is made small to, to be committed as a test.
///
/// It outlives changes of generators and of drawn scenarios, because it holds the scenario and every choice that is not the calm one. As a file it is
/// JSON. A folder of them is a test: what was wrong once stays right.
///
/// ```
/// use tidings::Golden;
///
/// # let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
/// for file in std::fs::read_dir(folder)? {
///     let golden = Golden::read(&file?.path())?;
///     // Each was found with a rule broken on purpose. With the rule kept it holds.
///     assert!(!golden.run().1.is_empty());
///     assert!(golden.mended().run().1.is_empty());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Golden {
    /// The experiment's name.
    pub experiment: String,
    /// The rule that is broken on purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without: Option<PlantedRule>,
    /// What was wrong with it, for people.
    pub told: Vec<String>,
    /// What it is made of.
    pub scenario: Scenario,
    /// Its choices; what is left out is the calm one.
    pub tape: Tape,
}

impl Golden {
    /// Reads one.
    ///
    /// # Errors
    /// If the file cannot be read, or is none: what is wrong, and where.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(path).map_err(|why| Error::io(path, &why))?;
        let golden: Self = serde_json::from_str(&text).map_err(|why| Error::Scenario { path: path.to_owned(), why: why.to_string() })?;
        let why = if experiment(&golden.experiment).is_none() {
            format!("there is no experiment {:?}", golden.experiment)
        } else if !(1..=64).contains(&golden.scenario.processes) {
            format!("{} processes are not 1 to 64", golden.scenario.processes)
        } else {
            return Ok(golden);
        };
        Err(Error::Scenario { path: path.to_owned(), why })
    }

    /// Writes it.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let text = serde_json::to_string_pretty(self).map_err(|why| Error::Io { path: path.to_owned(), why: why.to_string() })?;
        fs::write(path, text + "\n").map_err(|why| Error::io(path, &why))
    }

    /// The same with no rule broken.
    #[must_use]
    pub fn mended(mut self) -> Self {
        self.without = None;
        self
    }

    /// Runs it again, and says what is wrong.
    ///
    /// # Panics
    /// If the table has no such experiment, which a golden that was [read](Golden::read) has; and if a protocol breaks a rule that the world sees, as [`World`](tidings_sim::World) says.
    #[must_use]
    pub fn run(&self) -> (Run, Vec<Failure>) {
        let row: &Experiment = experiment(&self.experiment).expect("an experiment of the table");
        let scenario = Scenario { without: self.without, ..self.scenario.clone() };
        let run = row.run(&scenario, &mut Replay::new(self.tape.clone()));
        let failures = row.judge(&run);
        (run, failures)
    }
}

use std::fs;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tidings_protocol::Limits;
use tidings_sim::{Faults, Model, Talk};

use crate::{Error, PlantedRule};

/// What one run is made of, apart from the choices: a run is a function of an experiment, a scenario and a seed.
///
/// In a file (TOML or JSON) whatever is left out is as in [`Scenario::default`]; of the limits all are given or none. A file may name system
/// [models](Model): they are put together in their order, and what the file says of faults goes before them. What is not known is an error.
///
/// ```toml
#[doc = include_str!("../scenarios/partial-synchrony.toml")]
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scenario {
    /// How many processes.
    pub processes: u32,
    /// What the applications do.
    pub talk: Talk,
    /// What goes wrong.
    pub faults: Faults,
    /// How much a process may hold.
    pub limits: Limits,
    /// A rule that every layer which enforces it breaks.
    #[serde(skip)]
    pub without: Option<PlantedRule>,
}

impl Scenario {
    /// Reads a scenario, in TOML, or in JSON if the file's name ends so.
    ///
    /// # Errors
    /// If the file cannot be read, or says something that is no scenario: what, where, and what was expected.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(path).map_err(|why| Error::io(path, &why))?;
        let is_json = path.extension().is_some_and(|extension| extension == "json");
        let parsed = if is_json { Self::from_json(&text) } else { Self::from_toml(&text) };
        parsed.map_err(|why| Error::Scenario { path: path.to_owned(), why })
    }

    /// Reads a scenario in TOML.
    ///
    /// # Errors
    /// What is wrong, and in which line.
    pub fn from_toml(text: &str) -> Result<Self, String> {
        Written::scenario(text, toml, toml)
    }

    /// Reads a scenario in JSON.
    ///
    /// # Errors
    /// What is wrong, in which line and column.
    pub fn from_json(text: &str) -> Result<Self, String> {
        let json = |why: serde_json::Error| why.to_string();
        Written::scenario(text, |text| serde_json::from_str(text).map_err(json), |text| serde_json::from_str(text).map_err(json))
    }
}

impl Default for Scenario {
    /// Three processes that say five messages each over links without faults, with the usual limits.
    fn default() -> Self {
        Self { processes: 3, talk: Talk::of(5), faults: Faults::calm(), limits: Limits::default(), without: None }
    }
}

/// A scenario as it is written down.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Written {
    models: Vec<Model>,
    processes: u32,
    talk: Talk,
    faults: Faults,
    limits: Limits,
}

impl Default for Written {
    fn default() -> Self {
        let Scenario { processes, talk, faults, limits, without: _ } = Scenario::default();
        Self { models: Vec::new(), processes, talk, faults, limits }
    }
}

impl Written {
    /// Reads it twice: as what it should be, which says where it is wrong, and as a tree, of which what is said of faults is laid over the models.
    fn scenario(
        text: &str,
        read: impl FnOnce(&str) -> Result<Self, String>,
        tree: impl FnOnce(&str) -> Result<Value, String>,
    ) -> Result<Scenario, String> {
        let Self { models, processes, talk, mut faults, limits } = read(text)?;
        if !(1..=64).contains(&processes) {
            return Err(format!("{processes} processes are not 1 to 64"));
        }
        if !models.is_empty() {
            let base = models.into_iter().fold(Faults::calm(), Faults::with);
            let mut laid = serde_json::to_value(&base).map_err(|why| why.to_string())?;
            if let Some(said) = tree(text)?.get_mut("faults") {
                lay_over(&mut laid, said.take());
            }
            faults = serde_json::from_value(laid).map_err(|why| why.to_string())?;
        }
        Ok(Scenario { processes, talk, faults, limits, without: None })
    }
}

fn toml<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    toml::from_str(text).map_err(|why| {
        let line = why.span().map_or(1, |span| 1 + text[..span.start.min(text.len())].matches('\n').count());
        format!("line {line}: {}", why.message())
    })
}

/// Lays what is said over what is there, field by field.
fn lay_over(base: &mut Value, said: Value) {
    match (base, said) {
        (Value::Object(base), Value::Object(said)) => {
            for (name, value) in said {
                match base.get_mut(&name) {
                    // One timing model, with its bounds, stands for another.
                    Some(old) if name != "timing" => lay_over(old, value),
                    _ => drop(base.insert(name, value)),
                }
            }
        }
        (base, said) => *base = said,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tidings_sim::{Chance, Partitions, Timing};

    use super::*;

    const EXAMPLE: &str = include_str!("../scenarios/partial-synchrony.toml");

    /// The example says what it seems to say: its own words, then its models, then the default.
    #[test]
    fn what_a_file_says_goes_before_its_models() {
        let scenario = Scenario::from_toml(EXAMPLE).expect("the example is a scenario");
        let models = [Model::FairLoss, Model::Partitions, Model::Pauses, Model::CrashStop, Model::PartiallySynchronous];
        let faults = models.into_iter().fold(Faults::calm(), Faults::with);
        let partitions = Partitions { at_most: 1, ..faults.partitions };
        let faults = Faults { loss: Chance::percent(25), chaos: Duration::from_secs(3), partitions, ..faults };
        assert_eq!((scenario.processes, scenario.talk.messages, scenario.talk.within), (5, 6, Talk::default().within));
        assert_eq!(scenario.faults, faults);
        assert_eq!(scenario.limits, Limits::default());
    }

    #[test]
    fn one_timing_model_stands_for_another() {
        let text = "models = [\"synchronous\"]\n[faults.timing.partially-synchronous]\nstabilises_within = { secs = 1, nanos = 0 }\n\
                    bound = { secs = 2, nanos = 0 }\n";
        let scenario = Scenario::from_toml(text).expect("a scenario");
        let (stabilises_within, bound) = (Duration::from_secs(1), Duration::from_secs(2));
        assert_eq!(scenario.faults.timing, Timing::PartiallySynchronous { stabilises_within, bound });
        let named = Scenario::from_toml("models = [\"synchronous\"]\n[faults]\ntiming = \"asynchronous\"\n").expect("a scenario");
        assert_eq!(named.faults.timing, Timing::Asynchronous);
    }

    /// Every drawn scenario of the table, and one of each model, comes back from JSON and from TOML as it was written.
    #[test]
    fn scenarios_come_back_as_they_were_written() {
        let models = Model::ALL.into_iter().map(|model| Scenario { faults: Faults::calm().with(model), ..Scenario::default() });
        let drawn =
            crate::EXPERIMENTS.iter().flat_map(|experiment| (0..20).map(|seed| experiment.draw(&mut tidings_sim::Seeded::new(seed))));
        for scenario in models.chain(drawn) {
            let json = serde_json::to_string(&scenario).expect("plain data");
            assert_eq!(Scenario::from_json(&json), Ok(scenario.clone()));
            let toml = toml::to_string(&scenario).expect("plain data");
            assert_eq!(Scenario::from_toml(&toml), Ok(scenario), "{toml}");
        }
    }

    #[test]
    fn scenarios_are_read_from_files_and_errors_say_where_and_what_was_expected() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).expect("a file");
            path
        };
        let toml =
            file("a.toml", "processes = 4\n[talk]\nmessages = 2\n[faults]\nloss = 200000\nmax_delay = { secs = 0, nanos = 5000000 }\n");
        let scenario = Scenario::read(&toml).expect("a scenario");
        assert_eq!((scenario.processes, scenario.talk.messages, scenario.faults.loss), (4, 2, Chance::percent(20)));
        let json = file("a.json", &serde_json::to_string(&scenario).expect("plain data"));
        assert_eq!(Scenario::read(&json).expect("a scenario"), scenario);
        let wrong = |name: &str, text: &str| Scenario::read(&file(name, text)).unwrap_err().to_string();
        let why = wrong("b.toml", "processes = 4\nprocesess = 5\n");
        assert!(why.contains("b.toml") && why.contains("line 2") && why.contains("unknown field `procesess`, expected one of"), "{why}");
        let why = wrong("b.toml", "[faults.disk]\nsink = 1\n");
        assert!(why.contains("line 2") && why.contains("`sink`") && why.contains("`sync`"), "{why}");
        let why = wrong("b.toml", "models = [\"fair-loss\", \"fair\"]\n");
        assert!(why.contains("line 1") && why.contains("unknown variant `fair`, expected one of `perfect-links`"), "{why}");
        let why = wrong("b.json", "{\n  \"faults\": {\"lost\": 1}\n}");
        assert!(why.contains("unknown field `lost`") && why.contains("line 2 column"), "{why}");
        assert!(wrong("c.toml", "processes = 0\n").contains("0 processes are not 1 to 64"));
        assert!(Scenario::read(&folder.path().join("d.toml")).is_err());
    }
}

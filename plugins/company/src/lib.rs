//! Segment `company`: contacts by the company they belong to, for account-based work.
//!
//! A company is known by the domain of a contact's address and by attributes: the account, the industry, the country
//! and the number of employees. Every condition that is set must be met, and what is not known of a contact meets
//! none. Texts are compared without regard to case and surrounding spaces; a domain takes in its subdomains. Only
//! what a set condition needs is read.
#![deny(missing_docs)]

use signalbox_sdk::prelude::*;

/// Most texts of one list.
const LIST_MAX: usize = 1_000;

/// Providers at whose domains people have private addresses.
const PRIVATE_DOMAINS: [&str; 24] = [
    "aol.com",
    "fastmail.com",
    "free.fr",
    "gmail.com",
    "gmx.at",
    "gmx.ch",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hotmail.com",
    "icloud.com",
    "libero.it",
    "live.com",
    "mail.ru",
    "me.com",
    "msn.com",
    "orange.fr",
    "outlook.com",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "t-online.de",
    "web.de",
    "yahoo.com",
];

/// What a marketer chooses.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Company")]
pub struct Config {
    /// Only contacts of these accounts, as the attribute for the account names them. Empty: of any.
    #[serde(default)]
    #[schemars(title = "Accounts", length(max = 1000))]
    pub accounts: Vec<String>,

    /// Only contacts with an address at one of these domains or their subdomains. Empty: at any.
    #[serde(default)]
    #[schemars(title = "Domains", length(max = 1000), example = vec!["example.com"])]
    pub domains: Vec<String>,

    /// No contacts with an address at one of these domains or their subdomains: competitors, your own company.
    #[serde(default)]
    #[schemars(title = "Not at domains", length(max = 1000))]
    pub domains_excluded: Vec<String>,

    /// Whether private addresses at the large providers (gmail.com, gmx.de and the like) may be in.
    #[serde(default)]
    #[schemars(title = "Private addresses too")]
    pub private_addresses: bool,

    /// Only companies of these industries. Empty: of any.
    #[serde(default)]
    #[schemars(title = "Industries", length(max = 1000))]
    pub industries: Vec<String>,

    /// Only companies in these countries. Empty: in any.
    #[serde(default)]
    #[schemars(title = "Countries", length(max = 1000))]
    pub countries: Vec<String>,

    /// Only companies with at least so many employees.
    #[serde(default)]
    #[schemars(title = "Employees from", range(min = 1, max = 10_000_000))]
    pub employees_min: Option<u32>,

    /// Only companies with at most so many employees.
    #[serde(default)]
    #[schemars(title = "Employees to", range(min = 1, max = 10_000_000))]
    pub employees_max: Option<u32>,

    /// Which attributes of a contact say these things.
    #[serde(default)]
    #[schemars(title = "Attributes")]
    pub attributes: Attributes,
}

/// Which attributes of a contact describe the company.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Attributes {
    /// The attribute that holds the address.
    #[schemars(title = "Address", regex(pattern = r"^[A-Za-z_][A-Za-z0-9_-]{0,99}$"))]
    pub email: String,
    /// The attribute that names the account, a text.
    #[schemars(title = "Account", regex(pattern = r"^[A-Za-z_][A-Za-z0-9_-]{0,99}$"))]
    pub account: String,
    /// The attribute that holds the industry, a text.
    #[schemars(title = "Industry", regex(pattern = r"^[A-Za-z_][A-Za-z0-9_-]{0,99}$"))]
    pub industry: String,
    /// The attribute that holds the country, a text.
    #[schemars(title = "Country", regex(pattern = r"^[A-Za-z_][A-Za-z0-9_-]{0,99}$"))]
    pub country: String,
    /// The attribute that holds the number of employees, a number.
    #[schemars(
        title = "Employees",
        regex(pattern = r"^[A-Za-z_][A-Za-z0-9_-]{0,99}$")
    )]
    pub employees: String,
}

reasons! {
    /// Why a contact is in or out: the first condition that is not met.
    pub enum Why {
        Inside = "inside": "Of a company that was asked for",
        Account = "account": "Of another account",
        AddressMissing = "address_missing": "There is no address with a domain",
        Excluded = "excluded": "The address is at an excluded domain",
        Private = "private": "The address is a private one",
        Domain = "domain": "The address is at another domain",
        Industry = "industry": "Of another industry",
        Country = "country": "In another country",
        Size = "size": "The company has too few or too many employees",
        Unknown = "unknown": "Something that was asked for is not known of the company",
    }
}

/// The rule.
pub struct Company;

impl Default for Attributes {
    fn default() -> Self {
        Self {
            email: "email".to_owned(),
            account: "account".to_owned(),
            industry: "industry".to_owned(),
            country: "country".to_owned(),
            employees: "employees".to_owned(),
        }
    }
}

impl Config {
    fn reads_address(&self) -> bool {
        !self.private_addresses || !self.domains.is_empty() || !self.domains_excluded.is_empty()
    }

    fn reads_employees(&self) -> bool {
        self.employees_min.is_some() || self.employees_max.is_some()
    }

    /// The conditions on texts: the input, what is asked for, and why a contact who does not meet it is out.
    fn texts(&self) -> [(&'static str, &[String], Why); 3] {
        [
            ("account", &self.accounts, Why::Account),
            ("industry", &self.industries, Why::Industry),
            ("country", &self.countries, Why::Country),
        ]
    }

    /// Why the address keeps a contact out; `None` if it does not.
    fn refuses_address(&self, address: Option<&str>) -> Option<Why> {
        let Some(domain) = address.and_then(domain) else {
            return Some(Why::AddressMissing);
        };
        let among = |domains: &[String]| domains.iter().any(|one| is_at(&domain, one));
        let private = || PRIVATE_DOMAINS.iter().any(|one| is_at(&domain, one));
        if among(&self.domains_excluded) {
            Some(Why::Excluded)
        } else if !self.domains.is_empty() && !among(&self.domains) {
            Some(Why::Domain)
        } else if self.domains.is_empty() && !self.private_addresses && private() {
            Some(Why::Private)
        } else {
            None
        }
    }
}

/// The domain of an address, in lower case; `None` where there is none.
fn domain(address: &str) -> Option<String> {
    let (local, domain) = address.trim().rsplit_once('@')?;
    let domain = domain.trim_end_matches('.');
    (!local.is_empty() && !domain.is_empty()).then(|| domain.to_lowercase())
}

/// Whether a domain in lower case is the other or one of its subdomains.
fn is_at(domain: &str, other: &str) -> bool {
    let other = other.trim().trim_matches('.').to_lowercase();
    domain
        .strip_suffix(other.as_str())
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn same(found: &str, asked: &str) -> bool {
    found.trim().to_lowercase() == asked.trim().to_lowercase()
}

impl Rule for Company {
    type Config = Config;
    type Verdict = SegmentVerdict<Why>;

    fn plan(config: &Config) -> Result<Plan, String> {
        check(config)?;
        let attribute = |name: &str| Source::Attribute(name.to_owned());
        let names = &config.attributes;
        let mut plan = Plan::new();
        if config.reads_address() {
            plan = plan.input("address", attribute(&names.email), Type::Text);
        }
        let sources = [&names.account, &names.industry, &names.country];
        for ((input, asked, _), source) in config.texts().iter().zip(sources) {
            if !asked.is_empty() {
                plan = plan.input(*input, attribute(source), Type::Text);
            }
        }
        if config.reads_employees() {
            plan = plan.input("employees", attribute(&names.employees), Type::Number);
        }
        Ok(plan)
    }

    fn decide(config: &Config, contact: &Contact<'_>) -> Result<SegmentVerdict<Why>, String> {
        if config.reads_address()
            && let Some(why) = config.refuses_address(contact.text("address"))
        {
            return Ok(SegmentVerdict::outside(why));
        }
        for (input, asked, why) in config.texts() {
            if asked.is_empty() {
                continue;
            }
            let Some(found) = contact.text(input) else {
                return Ok(SegmentVerdict::outside(Why::Unknown));
            };
            if !asked.iter().any(|asked| same(found, asked)) {
                return Ok(SegmentVerdict::outside(why));
            }
        }
        if config.reads_employees() {
            let Some(employees) = contact.number("employees") else {
                return Ok(SegmentVerdict::outside(Why::Unknown));
            };
            let few = config
                .employees_min
                .is_some_and(|least| employees < f64::from(least));
            let many = config
                .employees_max
                .is_some_and(|most| employees > f64::from(most));
            if few || many {
                return Ok(SegmentVerdict::outside(Why::Size));
            }
        }
        Ok(SegmentVerdict::inside(Why::Inside))
    }

    fn cases() -> Vec<Case> {
        cases::all()
    }
}

fn check(config: &Config) -> Result<(), String> {
    if let (Some(least), Some(most)) = (config.employees_min, config.employees_max)
        && least > most
    {
        return Err("the least number of employees is above the greatest".to_owned());
    }
    let lists = [
        &config.accounts,
        &config.domains,
        &config.domains_excluded,
        &config.industries,
        &config.countries,
    ];
    if lists.iter().any(|list| list.len() > LIST_MAX) {
        return Err(format!("a list has more than {LIST_MAX} members"));
    }
    let blank = |text: &String| text.trim().trim_matches('.').is_empty();
    if lists.iter().any(|list| list.iter().any(blank)) {
        return Err("a list has an empty member".to_owned());
    }
    Ok(())
}

mod cases {
    //! What the rule shows to the host before it is let in.

    use signalbox_sdk::prelude::*;

    pub(super) fn all() -> Vec<Case> {
        let mut cases = addresses();
        cases.extend(attributes());
        cases
    }

    fn addresses() -> Vec<Case> {
        let business = json!({});
        let targets = json!({
            "domains": ["example.com"], "domains_excluded": ["labs.example.com"],
        });
        vec![
            Case::new("a business address", business.clone())
                .given("address", "ada@engines.example")
                .expect(json!({ "member": true, "reason": "inside" })),
            Case::new("a private address", business.clone())
                .given("address", "Ada@GMail.com")
                .expect(json!({ "member": false, "reason": "private" })),
            Case::new("no address", business.clone())
                .expect(json!({ "member": false, "reason": "address_missing" })),
            Case::new("no domain", business)
                .given("address", "ada")
                .expect(json!({ "member": false, "reason": "address_missing" })),
            Case::new("at a subdomain of a target", targets.clone())
                .given("address", "ada@mail.example.com")
                .expect(json!({ "member": true, "reason": "inside" })),
            Case::new("a domain that only ends alike", targets.clone())
                .given("address", "ada@notexample.com")
                .expect(json!({ "member": false, "reason": "domain" })),
            Case::new("at the excluded part of a target", targets)
                .given("address", "ada@labs.example.com")
                .expect(json!({ "member": false, "reason": "excluded" })),
        ]
    }

    fn attributes() -> Vec<Case> {
        let mid_market = json!({
            "private_addresses": true, "industries": ["Software", "Media"],
            "countries": ["DE", "AT"], "employees_min": 50, "employees_max": 500,
        });
        let named = json!({
            "private_addresses": true, "accounts": ["A-17"], "attributes": { "account": "crm_account" },
        });
        let firm = |name: &str| {
            Case::new(name, mid_market.clone())
                .given("industry", " software ")
                .given("country", "de")
        };
        vec![
            firm("fifty employees are enough")
                .given("employees", 50)
                .expect(json!({ "member": true, "reason": "inside" })),
            firm("five hundred are not too many")
                .given("employees", 500)
                .expect(json!({ "member": true, "reason": "inside" })),
            firm("one too few")
                .given("employees", 49)
                .expect(json!({ "member": false, "reason": "size" })),
            firm("nobody knows how many").expect(json!({ "member": false, "reason": "unknown" })),
            Case::new("another industry", mid_market.clone())
                .given("industry", "Steel")
                .expect(json!({ "member": false, "reason": "industry" })),
            Case::new("another country", mid_market.clone())
                .given("industry", "Media")
                .given("country", "FR")
                .expect(json!({ "member": false, "reason": "country" })),
            Case::new("nothing is known", mid_market)
                .expect(json!({ "member": false, "reason": "unknown" })),
            Case::new("a named account", named.clone())
                .given("account", "a-17")
                .expect(json!({ "member": true, "reason": "inside" })),
            Case::new("another account", named)
                .given("account", "A-18")
                .expect(json!({ "member": false, "reason": "account" })),
        ]
    }
}

plugin! {
    name: "company",
    version: env!("CARGO_PKG_VERSION"),
    title: "Company",
    summary: "Contacts by their company: account, domain of the address, industry, country and number of employees.",
    segment: Company,
    description: include_str!("../description.json"),
}

#[cfg(test)]
mod tests {
    use signalbox_sdk::testing::{Row, check_cases, check_description};

    use super::{Company, PRIVATE_DOMAINS, domain, is_at};

    #[test]
    fn cases() {
        check_cases::<Company>();
    }

    #[test]
    fn the_finished_description_is_the_sources() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/description.json");
        check_description(&super::signalbox_description(), file);
    }

    #[test]
    fn domains_are_read_and_compared() {
        let read = |address| domain(address);
        assert_eq!(read("a@B.Example"), Some("b.example".to_owned()));
        assert_eq!(read(" a@b.example. "), Some("b.example".to_owned()));
        assert_eq!(read("\"a@b\"@c.example"), Some("c.example".to_owned()));
        assert_eq!(read("@b.example"), None);
        assert_eq!(read("a@"), None);
        assert_eq!(read(""), None);
        assert!(is_at("b.example", "B.Example"));
        assert!(is_at("a.b.example", ".b.example"));
        assert!(!is_at("ab.example", "b.example"));
        assert!(!is_at("example", "b.example"));
    }

    #[test]
    fn only_what_a_condition_needs_is_read() {
        let config = r#"{ "private_addresses": true, "industries": ["Media"] }"#;
        let with = |input: &str| Row::new().set(input, "x").decide::<Company>(config);
        assert!(with("address").unwrap_err().contains("[\"industry\"]"));
        assert!(with("industry").is_ok());
    }

    #[test]
    fn the_providers_are_sorted_and_in_lower_case() {
        assert!(PRIVATE_DOMAINS.is_sorted());
        assert!(
            PRIVATE_DOMAINS
                .iter()
                .all(|one| domain(&format!("a@{one}")).as_deref() == Some(*one))
        );
    }

    #[test]
    fn a_config_that_makes_no_sense_is_refused() {
        let refused = |config: &str| Row::new().decide::<Company>(config).unwrap_err();
        assert_eq!(
            refused(r#"{ "employees_min": 9, "employees_max": 8 }"#),
            "the least number of employees is above the greatest"
        );
        assert_eq!(
            refused(r#"{ "domains": [" . "] }"#),
            "a list has an empty member"
        );
    }
}

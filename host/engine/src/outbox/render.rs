//! Makes the bytes of a message from what was fixed when it was queued. A pure function of the message, its template
//! and our own address: a retry makes the same bytes.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use signalbox_mail::{
    address::{Address, AddressError, Mailbox},
    message::{self, Envelope},
    template::{RenderError, Template, TemplateSource, View},
};
use signalbox_model::{id::Digest, message::Message, workflow};
use signalbox_store::Store;

use crate::config::SenderConfig;

/// Whom mails are from, parsed.
#[derive(Debug, Clone)]
pub(crate) struct From {
    mailbox: Mailbox,
    reply_to: Option<Mailbox>,
}

impl From {
    pub(crate) fn parse(config: &SenderConfig) -> Result<Self, AddressError> {
        let address = Address::parse(&config.from_address)?;
        let reply_to = config.reply_to.as_deref().map(Mailbox::parse).transpose()?;
        Ok(Self {
            mailbox: Mailbox::new(config.from_name.as_deref(), address)?,
            reply_to,
        })
    }

    pub(crate) fn address(&self) -> &Address {
        self.mailbox.address()
    }
}

/// A message ready to be sent.
pub(crate) struct Built {
    pub(crate) to: Address,
    pub(crate) subject: String,
    pub(crate) message_id: String,
    pub(crate) bytes: Vec<u8>,
}

/// Renders messages, with the parsed templates of late.
pub(crate) struct Renderer {
    pub(crate) from: From,
    templates: Templates,
}

/// Parsed templates by the digest of their source.
struct Templates {
    /// A mutex since senders meet here; held for a look-up.
    kept: Mutex<Kept>,
    kept_max: usize,
}

/// See [`Templates`].
#[derive(Default)]
struct Kept {
    /// Look-ups so far.
    look_ups: u64,
    /// Each with the number of the look-up that last wanted it.
    templates: HashMap<Digest, (u64, Arc<Template>)>,
}

impl Renderer {
    pub(crate) fn new(from: From, templates_kept_max: usize) -> Self {
        Self {
            from,
            templates: Templates {
                kept: Mutex::default(),
                kept_max: templates_kept_max.max(1),
            },
        }
    }

    /// The message's bytes, or the reason code for which it can never be sent. Blocks: reads files and renders.
    pub(crate) fn build(&self, store: &Store, message: &Message) -> Result<Built, &'static str> {
        let to = Address::parse(&message.to).map_err(|_| "address_invalid")?;
        let template = self.templates.get(store, message.template)?;
        let view: View = serde_json::from_str(&message.view).map_err(|_| "view_invalid")?;
        let rendered = template.render(&view).map_err(|error| match error {
            RenderError::Missing { .. } => "variable_missing",
            RenderError::Limit { .. } => "template_limit",
            RenderError::Failed { .. } => "template_failed",
            RenderError::EmptySubject => "subject_empty",
        })?;
        let domain = self.from.address().domain();
        let message_id =
            message::message_id(&message.id.0, domain).map_err(|_| "message_invalid")?;
        let envelope = Envelope {
            from: self.from.mailbox.clone(),
            reply_to: self.from.reply_to.clone(),
            to: to.clone(),
            message_id: message_id.clone(),
            date_ms: message.dated_at.as_ms(),
            subject: message.subject.clone().unwrap_or(rendered.subject),
            html: rendered.html,
            text: rendered.text,
            unsubscribe: None,
            list_id: None,
            headers: Vec::new(),
        };
        let bytes = message::build(&envelope).map_err(|_| "message_invalid")?;
        Ok(Built {
            to,
            subject: envelope.subject,
            message_id,
            bytes,
        })
    }
}

impl Templates {
    fn get(&self, store: &Store, digest: Digest) -> Result<Arc<Template>, &'static str> {
        if let Some(found) = self.find(digest) {
            return Ok(found);
        }
        let bytes = store.blobs().get(&digest).map_err(|_| "template_missing")?;
        let source: workflow::TemplateSource =
            serde_json::from_slice(&bytes).map_err(|_| "template_missing")?;
        let template = Template::parse(&source_of(&source)).map_err(|_| "template_invalid")?;
        let template = Arc::new(template);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.look_ups += 1;
        let wanted_at = kept.look_ups;
        if kept.templates.len() >= self.kept_max {
            let oldest = kept.templates.iter().min_by_key(|(_, (at, _))| *at);
            if let Some(oldest) = oldest.map(|(digest, _)| *digest) {
                kept.templates.remove(&oldest);
            }
        }
        kept.templates
            .insert(digest, (wanted_at, Arc::clone(&template)));
        Ok(template)
    }

    fn find(&self, digest: Digest) -> Option<Arc<Template>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.look_ups += 1;
        let wanted_at = kept.look_ups;
        let (last, template) = kept.templates.get_mut(&digest)?;
        *last = wanted_at;
        Some(Arc::clone(template))
    }
}

/// A workflow's template in the terms of `mail`.
pub(crate) fn source_of(source: &workflow::TemplateSource) -> TemplateSource {
    TemplateSource {
        subject: source.subject.clone(),
        mjml: source.mjml.clone(),
        text: source.text.clone(),
    }
}

//! Audio tracks arranged as rendition groups.
//!
//! Every group must offer the same renditions (RFC 8216 §4.3.4.1.1): the same names and languages, in another codec or
//! at another rate. So there is a *member* for each (language, label, role), a *tier* for each codec and rank within
//! it, and a group for each tier; a member that lacks the tier is represented by the best it has.

use std::cmp::Reverse;

use super::{Flavour, bandwidth::packed};
use crate::{Bandwidth, Presentation, Role, Track};

/// One `GROUP-ID`.
pub(super) struct Group<'a> {
    pub(super) id: String,
    pub(super) renditions: Vec<Rendition<'a>>,
}

/// One `EXT-X-MEDIA` line.
#[derive(Clone)]
pub(super) struct Rendition<'a> {
    pub(super) track: &'a Track,
    pub(super) name: String,
    pub(super) default: bool,
    pub(super) autoselect: bool,
}

/// A choice of the viewer, in every encoding of it.
struct Member<'a> {
    name: String,
    default: bool,
    autoselect: bool,
    encodings: Vec<&'a Track>,
}

impl<'a> Group<'a> {
    /// What plays unless someone chooses otherwise.
    pub(super) fn default_track(&self) -> Option<&'a Track> {
        let default = self.renditions.iter().find(|rendition| rendition.default);
        default.or(self.renditions.first()).map(|rendition| rendition.track)
    }

    /// The most that any one rendition of the group needs.
    pub(super) fn bandwidth(&self, flavour: Flavour) -> Bandwidth {
        let rates = || self.renditions.iter().map(|rendition| packed(rendition.track, flavour));
        Bandwidth {
            peak: rates().map(|rate| rate.peak).max().unwrap_or(0),
            average: rates().map(|rate| rate.average).max().unwrap_or(0),
        }
    }

    /// Codecs strings of the renditions, each once.
    pub(super) fn codecs(&self) -> Vec<&'a str> {
        let mut codecs = Vec::new();
        for rendition in &self.renditions {
            if !codecs.contains(&rendition.track.codecs.as_str()) {
                codecs.push(rendition.track.codecs.as_str());
            }
        }
        codecs
    }
}

/// All groups of the presentation's audio, in the order of its tracks.
pub(super) fn groups(presentation: &Presentation, flavour: Flavour) -> Vec<Group<'_>> {
    let members = members(presentation, flavour);
    let mut tiers: Vec<(&str, usize)> = Vec::new();
    for track in members.iter().flat_map(|member| &member.encodings) {
        let rank = members.iter().find_map(|member| member.rank(track)).unwrap_or(0);
        if !tiers.contains(&(track.codecs.as_str(), rank)) {
            tiers.push((&track.codecs, rank));
        }
    }
    let group = |(index, (codecs, rank)): (usize, &(&str, usize))| Group {
        id: if index == 0 { "audio".to_owned() } else { format!("audio-{}", index + 1) },
        renditions: members.iter().filter_map(|member| member.rendition(codecs, *rank)).collect(),
    };
    tiers.iter().enumerate().map(group).collect()
}

fn members(presentation: &Presentation, flavour: Flavour) -> Vec<Member<'_>> {
    let mut members: Vec<Member<'_>> = Vec::new();
    for (track, _) in presentation.audios().filter(|(track, _)| flavour.carries(track)) {
        let same = |member: &&mut Member<'_>| {
            member.encodings.first().is_some_and(|first| same_choice(first, track))
        };
        match members.iter_mut().find(same) {
            Some(member) => member.encodings.push(track),
            None => {
                let autoselect = !members.iter().any(|member| member.sounds_like(track));
                let name = free_name(track, &members);
                members.push(Member { name, default: false, autoselect, encodings: vec![track] });
            }
        }
    }
    for member in &mut members {
        // Codecs in the order in which the presentation first names them, in each the richest first.
        member.encodings.sort_by_key(|track| (codec_order(presentation, track), Reverse(track.bitrate)));
    }
    let main =
        members.iter().position(|member| member.encodings.iter().any(|track| track.role == Role::Main));
    if let Some(member) = members.get_mut(main.unwrap_or(0)) {
        member.default = true;
        member.autoselect = true;
    }
    members
}

fn codec_order(presentation: &Presentation, track: &Track) -> Option<usize> {
    presentation.audios().position(|(other, _)| other.codecs == track.codecs)
}

fn same_choice(one: &Track, other: &Track) -> bool {
    (one.known_language(), &one.label, one.role) == (other.known_language(), &other.label, other.role)
}

/// The label, else the language, else the name of the track; with a number if another member has it.
fn free_name(track: &Track, members: &[Member<'_>]) -> String {
    let label = track.label.as_deref().filter(|label| !label.trim().is_empty());
    let wanted = label.or(track.known_language()).unwrap_or(track.name.as_str());
    let mut name = wanted.to_owned();
    let mut number = 2;
    while members.iter().any(|member| member.name == name) {
        name = format!("{wanted} {number}");
        number += 1;
    }
    name
}

impl<'a> Member<'a> {
    /// Whether a player that chooses by language alone could not tell them apart, in which case only one of them may
    /// say `AUTOSELECT=YES`.
    fn sounds_like(&self, track: &Track) -> bool {
        self.encodings.iter().any(|own| {
            own.known_language() == track.known_language()
                && (own.role == Role::Description) == (track.role == Role::Description)
        })
    }

    /// The place of the track among the member's encodings in the same codec.
    fn rank(&self, track: &Track) -> Option<usize> {
        let in_codec = self.encodings.iter().filter(|own| own.codecs == track.codecs);
        in_codec.into_iter().position(|own| own.name == track.name)
    }

    fn rendition(&self, codecs: &str, rank: usize) -> Option<Rendition<'a>> {
        let mut in_codec = self.encodings.iter().filter(|track| track.codecs == codecs);
        let nearest =
            in_codec.clone().nth(rank).or_else(|| in_codec.next_back()).or(self.encodings.first())?;
        Some(Rendition {
            track: nearest,
            name: self.name.clone(),
            default: self.default,
            autoselect: self.autoselect,
        })
    }
}

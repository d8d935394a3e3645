//! What a Mach-O file says of itself.

use object::{
    Architecture, Endianness, Object as _, ObjectKind, macho,
    read::macho::{LoadCommandVariant, MachOFile64},
};

use super::signature::{self, Signature};

/// One program or library.
#[derive(Debug)]
pub(crate) struct Artefact {
    pub(crate) architecture: Architecture,
    pub(crate) is_library: bool,
    /// The oldest macOS that runs it: major and minor number. `None`: it is for another system, or does
    /// not say.
    pub(crate) oldest_macos: Option<(u16, u8)>,
    /// The names by which dyld finds libraries, and its own name if it is one.
    pub(crate) libraries: Vec<String>,
    /// Folders in which dyld looks for libraries.
    pub(crate) search_paths: Vec<String>,
    pub(crate) imports: Vec<Import>,
    pub(crate) exports: Vec<String>,
    pub(crate) signature: Result<Signature, String>,
}

/// A symbol that dyld looks up when it loads the file.
#[derive(Debug)]
pub(crate) struct Import {
    pub(crate) symbol: String,
    /// The library that has to export it. Empty: any that is loaded.
    pub(crate) library: String,
    /// Whether it may be missing.
    pub(crate) weak: bool,
}

impl Artefact {
    /// Reads a whole file.
    ///
    /// # Errors
    /// It is no Mach-O file of 64 bits, or a table of it cannot be read.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, String> {
        let file = MachOFile64::<Endianness>::parse(bytes).map_err(|error| error.to_string())?;
        Self::of(&file, bytes).map_err(|error| error.to_string())
    }

    fn of(file: &MachOFile64<'_, Endianness>, bytes: &[u8]) -> object::Result<Self> {
        let endian = file.endian();
        let mut artefact = Self {
            architecture: file.architecture(),
            is_library: file.kind() == ObjectKind::Dynamic,
            oldest_macos: None,
            libraries: Vec::new(),
            search_paths: Vec::new(),
            imports: imports(file)?,
            exports: exports(file)?,
            signature: signature::verify(file, bytes),
        };
        let mut commands = file.macho_load_commands()?;
        while let Some(command) = commands.next()? {
            let text = |place| command.string(endian, place).map(lossy);
            match command.variant()? {
                LoadCommandVariant::BuildVersion(version, _)
                    if version.platform.get(endian) == macho::PLATFORM_MACOS =>
                {
                    let oldest = version.minos.get(endian);
                    artefact.oldest_macos = Some((oldest.major(), oldest.minor()));
                }
                LoadCommandVariant::Dylib(dylib) => {
                    artefact.libraries.push(text(dylib.dylib.name)?);
                }
                LoadCommandVariant::Rpath(path) => artefact.search_paths.push(text(path.path)?),
                _ => {}
            }
        }
        Ok(artefact)
    }
}

fn imports(file: &MachOFile64<'_, Endianness>) -> object::Result<Vec<Import>> {
    let imports = file.imports()?.map(|import| {
        let import = import?;
        Ok(Import {
            symbol: import.name().into_name().map(lossy).unwrap_or_default(),
            library: lossy(import.library()),
            weak: import.is_weak(),
        })
    });
    imports.collect()
}

fn exports(file: &MachOFile64<'_, Endianness>) -> object::Result<Vec<String>> {
    let exports = file.exports()?.map(|export| {
        Ok(export?.into_name().into_name().map(|name| lossy(&name)).unwrap_or_default())
    });
    exports.collect()
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

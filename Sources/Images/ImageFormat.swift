/// The formats of image files: those that are read, and those that are known by name.
///
/// The bytes decide, never the name of a file: a PNG file called `.jpg` is a PNG file. Endings of
/// names only say which files of a folder are meant as images.
package enum ImageFormat: String, CaseIterable, Hashable, Sendable {
  /// Joint Photographic Experts Group's.
  case jpeg = "JPEG"
  /// Portable Network Graphics.
  case png = "PNG"
  /// Google's WebP.
  case webp = "WebP"
  /// Graphics Interchange Format.
  case gif = "GIF"
  /// Windows' bitmaps.
  case bmp = "BMP"
  /// Tagged Image File Format.
  case tiff = "TIFF"
  /// High Efficiency Image File Format, of telephones.
  case heic = "HEIC"
  /// AV1 Image File Format.
  case avif = "AVIF"
  /// JPEG XL.
  case jpegXL = "JPEG XL"
  /// JPEG 2000.
  case jpeg2000 = "JPEG 2000"
  /// Photoshop's.
  case photoshop = "PSD"
  /// Scalable Vector Graphics.
  case svg = "SVG"
  /// Windows' icons.
  case icon = "ICO"
  /// Portable any map: PBM, PGM, PPM, PAM.
  case netpbm = "PNM"
  /// Quite OK Image.
  case qoi = "QOI"
  /// OpenEXR.
  case openEXR = "EXR"
  /// Radiance's.
  case radiance = "HDR"
  /// Truevision's Targa.
  case targa = "TGA"
  /// Digital Imaging and Communications in Medicine.
  case dicom = "DICOM"
  /// The sensors' values of cameras.
  case cameraRaw = "camera raw"

  /// The format's name, for people.
  package var name: String { rawValue }

  /// Whether files of the format are decoded.
  package var isRead: Bool {
    switch self {
    case .jpeg, .png, .webp: true
    default: false
    }
  }

  /// The names of the formats that are read, as a phrase.
  package static let readNames = "PNG, JPEG or WebP"

  /// The endings of the names of such files, in lower case, without the dot.
  package var fileNameEndings: [String] {
    switch self {
    case .jpeg: ["jpg", "jpeg", "jpe", "jfif", "mpo"]
    case .png: ["png", "apng"]
    case .webp: ["webp"]
    case .gif: ["gif"]
    case .bmp: ["bmp", "dib"]
    case .tiff: ["tif", "tiff"]
    case .heic: ["heic", "heif", "hif"]
    case .avif: ["avif", "avifs"]
    case .jpegXL: ["jxl"]
    case .jpeg2000: ["jp2", "j2k", "jpf", "jpx", "jpm", "j2c"]
    case .photoshop: ["psd", "psb"]
    case .svg: ["svg", "svgz"]
    case .icon: ["ico", "cur"]
    case .netpbm: ["pbm", "pgm", "ppm", "pnm", "pam"]
    case .qoi: ["qoi"]
    case .openEXR: ["exr"]
    case .radiance: ["hdr"]
    case .targa: ["tga"]
    case .dicom: ["dcm", "dicom"]
    case .cameraRaw: ["dng", "cr2", "cr3", "nef", "arw", "orf", "rw2", "raf"]
    }
  }

  /// The format that a file is meant to have by its name; nil if it is no image by its name.
  ///
  /// - Parameter fileName: With or without the folders before it; upper and lower case are alike.
  package init?(ofFileNamed fileName: String) {
    let name = fileName.split(separator: "/").last ?? ""
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex,
      let format = Self.byEnding[name[name.index(after: dot)...].lowercased()]
    else { return nil }
    self = format
  }

  private static let byEnding: [String: ImageFormat] = Dictionary(
    allCases.flatMap { format in format.fileNameEndings.map { ($0, format) } },
    uniquingKeysWith: { first, _ in first })

  /// A line for a shell that makes a PNG file beside each file of these formats in folders and the folders
  /// in them: `a.gif.png` of `a.gif`, upright and of the first image; with ImageMagick.
  ///
  /// Nothing is written over, and nothing removed.
  ///
  /// - Parameter paths: The paths of folders or files, in the text form.
  package static func conversionCommand(
    for formats: some Sequence<ImageFormat>, in paths: [String]
  ) -> String {
    let names = formats.flatMap(\.fileNameEndings).map { "-iname '*.\($0)'" }
    return "find -L \(paths.map(quoted).joined(separator: " ")) -type f "
      + "\\( \(names.joined(separator: " -o ")) \\) "
      + #"-exec sh -c 'convert "$1[0]" -auto-orient "$1.png"' _ {} \;"#
  }

  /// A path as a word for a shell: of bash and its like where it is no UTF-8.
  private static func quoted(_ path: String) -> String {
    let isPlain = !path.contains(#"\x"#)
    let escaped = path.split(separator: "'", omittingEmptySubsequences: false)
      .joined(separator: isPlain ? #"'\''"# : #"\'"#)
    return isPlain ? "'\(escaped)'" : "$'\(escaped)'"
  }
}

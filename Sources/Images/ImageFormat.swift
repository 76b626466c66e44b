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
    guard let format = Self.byEnding[Self.ending(ofFileNamed: fileName)] else { return nil }
    self = format
  }

  /// The ending of a file's name in lower case, without the dot; empty where there is none.
  ///
  /// - Parameter fileName: With or without the folders before it.
  package static func ending(ofFileNamed fileName: String) -> String {
    let name = fileName.split(separator: "/").last ?? ""
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return "" }
    return name[name.index(after: dot)...].lowercased()
  }

  private static let byEnding: [String: ImageFormat] = Dictionary(
    allCases.flatMap { format in format.fileNameEndings.map { ($0, format) } },
    uniquingKeysWith: { first, _ in first })
}

extension ImageFormat {
  /// A line for a shell that makes a PNG file beside each image of a format that is not read, in folders and
  /// the folders in them: `a.gif.png` of `a.gif`, upright and of the first image; with ImageMagick.
  ///
  /// Nothing is removed: what was converted is then called `a.gif.original`, which is no image's name.
  ///
  /// - Parameters:
  ///   - formats: Those of files whose names have their endings.
  ///   - misnamed: The endings of files whose names say another format, empty for those without one: such
  ///     files are converted if ImageMagick does not take them for a format that is read.
  ///   - paths: The paths of folders or files, in the text form.
  package static func conversionCommand(
    for formats: some Sequence<ImageFormat>, misnamed: some Sequence<String> = [String](),
    in paths: [String]
  ) -> String {
    let endings = formats.flatMap(\.fileNameEndings)
    let others = misnamed.filter { !endings.contains($0) }
    let names =
      (endings + others).map { $0.isEmpty ? "! -name '*.*'" : "-iname \(quoted("*." + $0))" }
    let conversion = #"convert "$1[0]" -auto-orient "$1.png" && mv "$1" "$1.original""#
    let script =
      others.isEmpty
      ? conversion
      : #"case $(identify -format %m "$1[0]" 2>/dev/null) in JPEG|PNG|WEBP|"") ;; *) "# + conversion
        + ";; esac"
    return "find -L \(paths.map(quoted).joined(separator: " ")) -type f "
      + "\\( \(names.joined(separator: " -o ")) \\) " + "-exec sh -c '\(script)' _ {} \\;"
  }

  /// A line for a shell that makes a PNG file of one image.
  ///
  /// - Parameter path: In the text form.
  static func conversionCommand(ofFile path: String) -> String {
    "convert \(quoted(path + "[0]")) -auto-orient \(quoted(path + ".png"))"
  }

  /// A path as a word for a shell: of bash and its like where it is no UTF-8.
  private static func quoted(_ path: String) -> String {
    let isPlain = !path.contains(#"\x"#)
    let escaped = path.split(separator: "'", omittingEmptySubsequences: false)
      .joined(separator: isPlain ? #"'\''"# : #"\'"#)
    return isPlain ? "'\(escaped)'" : "$'\(escaped)'"
  }
}

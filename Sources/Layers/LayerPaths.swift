import Graphs

/// Finds the layers of a network and names them by their paths.
///
/// The path of a layer is made of the names of the properties that lead to it, and of positions in
/// arrays and `Sequential`s: `encoder.0`. A layer's own `name:` stands in the place of the last
/// part. A layer reachable on two paths bears the first.
enum LayerPaths {
  static func labels(of network: any Layer) -> [LayerIdentity: LayerLabel] {
    var found: [(identity: LayerIdentity, path: String, kind: String)] = []
    var seen: Set<LayerIdentity> = []
    collect(network, path: [], into: &found, seen: &seen)
    var paths: Set<String> = []
    var labels: [LayerIdentity: LayerLabel] = [:]
    for (position, layer) in found.enumerated() {
      var path = layer.path.isEmpty ? layer.kind.prefix { $0 != "(" }.lowercased() : layer.path
      if !paths.insert(path).inserted {
        var number = 1
        while !paths.insert("\(path)_\(number)").inserted { number += 1 }
        path = "\(path)_\(number)"
      }
      labels[layer.identity] = LayerLabel(
        path: path, kind: layer.kind, position: position + 1, layerCount: found.count)
    }
    return labels
  }

  private static func collect(
    _ value: Any, path: [String],
    into found: inout [(identity: LayerIdentity, path: String, kind: String)],
    seen: inout Set<LayerIdentity>
  ) {
    if let sequential = value as? Sequential {
      for (index, layer) in sequential.layers.enumerated() {
        collect(layer, path: path + [String(index)], into: &found, seen: &seen)
      }
      return
    }
    if let layer = value as? any IdentifiedLayer {
      guard seen.insert(layer.identity).inserted else { return }
      let named = layer.identity.name.map { path.dropLast() + [$0] } ?? path
      found.append((layer.identity, named.joined(separator: "."), layer.kind))
      if let residual = layer as? Residual {
        collect(residual.body, path: named + ["body"], into: &found, seen: &seen)
        if let shortcut = residual.shortcut {
          collect(shortcut, path: named + ["shortcut"], into: &found, seen: &seen)
        }
      }
      return
    }
    let mirror = Mirror(reflecting: value)
    switch mirror.displayStyle {
    case .collection:
      for (index, child) in mirror.children.enumerated() {
        collect(child.value, path: path + [String(index)], into: &found, seen: &seen)
      }
    case .optional:
      for child in mirror.children { collect(child.value, path: path, into: &found, seen: &seen) }
    case .struct, .class, .tuple, .enum:
      for child in mirror.children {
        let names = child.label.map { [$0] } ?? []
        collect(child.value, path: path + names, into: &found, seen: &seen)
      }
    default:
      return
    }
  }
}

import ArgumentParser

@main
struct NeedletailTool: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "needletail")
}

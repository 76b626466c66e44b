import Foundation
import Testing

/// Names of files are bytes, whatever they mean.
@Suite("Paths")
struct PathTests {
  /// What every script begins with: names in Latin-1, and the image for them.
  private static let prologue = """
    set -e
    cafe=$(printf 'caf\\351'); chats=$(printf 'ch\\342ts'); png=$(printf '\\351t\\351.png')

    """

  /// A folder with two classes in two parts, all of its names in Latin-1.
  private func withData(_ body: (TemporaryFolder) throws -> Void) throws {
    let folder = try TemporaryFolder()
    try DigitsModel.png.write(to: folder.url.appendingPathComponent("image.png"))
    try shell(
      """
      for part in train test; do
        mkdir -p "$cafe/$part/$chats" "$cafe/$part/chiens"
        cp image.png "$cafe/$part/$chats/$png"
        cp image.png "$cafe/$part/$chats/b.png"
        cp image.png "$cafe/$part/chiens/$png"
      done
      """, in: folder)
    try body(folder)
  }

  @discardableResult
  private func shell(
    _ script: String, in folder: TemporaryFolder, status: Int32 = 0
  ) throws -> Tool.Run {
    let run = try Tool.shell(Self.prologue + script, in: folder.url)
    #expect(run.status == status, "\(script): \(run.errors)")
    return run
  }

  private let train = "\"$TOOL\" train --data \"$cafe\" --model mlp --threads 1"

  @Test("A training reads and writes names in Latin-1, and tells them in the text form")
  func training() throws {
    try withData { folder in
      let run = try shell(
        "\(train) --epochs 1 --output \"$cafe run/$chats\" --validation \"$cafe/test\" --json",
        in: folder)
      let objects = try run.objects()
      #expect(objects.first?["data"] as? String == #"caf\xE9"#)
      #expect(
        objects.last?["model"] as? String == folder.path(#"caf\xE9 run/ch\xE2ts/model.safetensors"#)
      )
      // The bytes are on the disk, and nothing else is.
      try shell(
        """
        test "$(ls -A | LC_ALL=C sort | od -c)" = \
          "$(printf '%s\\n%s run\\nimage.png\\n' "$cafe" "$cafe" | od -c)"
        test -s "$cafe run/$chats/model.safetensors"
        test -s "$cafe run/$chats/history.jsonl"
        test -d "$cafe run/$chats/checkpoints"
        """, in: folder)
      let kept = try shell("cat \"$cafe run/$chats/configuration.json\"", in: folder)
      let configuration = try #require(
        JSONSerialization.jsonObject(with: Data(kept.output.utf8)) as? [String: Any])
      #expect(configuration["data"] as? String == #"caf\xE9"#)
      #expect(configuration["validation"] as? String == #"caf\xE9/test"#)
      #expect(configuration["class_names"] as? [String] == [#"ch\xE2ts"#, "chiens"])

      let used = try shell(
        "set +e; \(train) --output \"$cafe run/$chats\"", in: folder, status: 73)
      #expect(used.errors.contains(#"/caf\xE9 run/ch\xE2ts: expected a folder without a run"#))
      let resumed = try shell(
        "\(train) --epochs 2 --output \"$cafe run/$chats\" --validation \"$cafe/test\" --resume",
        in: folder)
      #expect(resumed.output.contains("epoch 2"), "\(resumed.output)")
    }
  }

  @Test("Models, data and images in Latin-1 are evaluated, predicted and inspected")
  func using() throws {
    try withData { folder in
      try shell("\(train) --epochs 1 --output \"$cafe run\" --quiet", in: folder)
      let evaluated = try shell(
        "\"$TOOL\" evaluate --model \"$cafe run/model.safetensors\" --data \"$cafe\" --json",
        in: folder
      ).objects()
      #expect(evaluated.first?["data"] as? String == #"caf\xE9"#)
      #expect(evaluated.first?["examples"] as? Int == 3)
      let classes = try #require(evaluated.first?["classes"] as? [[String: Any]])
      #expect(classes.map { $0["name"] as? String } == [#"ch\xE2ts"#, "chiens"])
      #expect(classes.map { $0["support"] as? Int } == [2, 1])

      let predicted = try shell(
        """
        "$TOOL" predict --model "$cafe run/model.safetensors" "$cafe/test/chiens/$png" \
          "$cafe/test/" "$(printf 'no\\377')" || test $? = 66
        """, in: folder
      ).objects()
      #expect(
        predicted.map { $0["source"] as? String } == [
          #"caf\xE9/test/chiens/\xE9t\xE9.png"#, #"caf\xE9/test/ch\xE2ts/\xE9t\xE9.png"#,
          #"caf\xE9/test/ch\xE2ts/b.png"#, #"caf\xE9/test/chiens/\xE9t\xE9.png"#, #"no\xFF"#,
        ])
      #expect(predicted.prefix(4).allSatisfy { $0["error"] == nil })
      #expect((predicted.last?["error"] as? String)?.hasPrefix(folder.path(#"no\xFF: "#)) == true)

      let model = try shell("\"$TOOL\" inspect --json \"$cafe run/model.safetensors\"", in: folder)
      #expect(try model.objects().first?["classes"] as? [String] == [#"ch\xE2ts"#, "chiens"])
      let network = try shell(
        """
        printf 'input: [8, 8, 1]\\nlayers:\\n- Flatten\\n- Dense: classes\\n' > "$cafe.yaml"
        "$TOOL" inspect --json "$cafe.yaml"
        printf 'layers: 3\\n' > "$cafe.yaml"; set +e
        "$TOOL" inspect "$cafe.yaml"
        """, in: folder, status: 78)
      #expect(try network.objects().first?["name"] as? String == #"caf\xE9.yaml"#)
      #expect(network.errors.contains(#"caf\xE9.yaml, line 1"#), "\(network.errors)")
    }
  }

  @Test("Files of MNIST and of CIFAR-10 are found in folders in Latin-1")
  func files() throws {
    try withData { folder in
      let mnist = folder.url.appendingPathComponent("mnist")
      try FileManager.default.createDirectory(at: mnist, withIntermediateDirectories: true)
      try MNISTLikeFiles.write(to: mnist, training: 40, test: 20)
      let run = try shell(
        """
        mv mnist "$chats"; gzip "$chats/train-images-idx3-ubyte"
        "$TOOL" train --data "$chats" --model mlp --threads 1 --epochs 1 --json
        for i in 1 2 3 4 5; do
          { printf "\\00$i"; head -c 3072 /dev/zero; } > "$chats/data_batch_$i.bin"
        done
        rm "$chats"/*ubyte*
        "$TOOL" train --data "$chats" --model mlp --threads 1 --epochs 1 --json
        """, in: folder)
      let objects = try run.objects().filter { $0["event"] as? String == "started" }
      #expect(objects.map { $0["data"] as? String } == [#"ch\xE2ts"#, #"ch\xE2ts"#])
      #expect(objects.map { $0["training_count"] as? Int } == [40, 5])
    }
  }

  @Test("Errors name files in Latin-1 in the text form")
  func errors() throws {
    try withData { folder in
      for (script, status, complaint) in [
        ("\"$TOOL\" train --data \"$chats\"", 66, folder.path(#"ch\xE2ts: expected"#)),
        (
          "head -c 40 image.png > \"$cafe/train/$chats/$png\"; \(train) --input 8x8x1 --epochs 1",
          65, folder.path(#"caf\xE9/train/ch\xE2ts/\xE9t\xE9.png"#)
        ),
        (
          "cp image.png \"$cafe/train/$chats/$png\"; \(train) --output \"$cafe/train/$chats/b.png/x\"",
          73, #"caf\xE9/train/ch\xE2ts/b.png/x"#
        ),
        (
          "\"$TOOL\" evaluate --data digits --model \"$cafe\"", 65,
          folder.path(#"caf\xE9: expected a regular file, found a folder"#)
        ),
        ("\"$TOOL\" inspect \"$chats\"", 66, folder.path(#"ch\xE2ts: expected"#)),
        ("\"$TOOL\" train --data digits --model \"$chats\"", 64, #"'ch\xE2ts'"#),
        ("\"$TOOL\" train --data digits \"$chats\"", 64, #"'ch\xE2ts'"#),
      ] as [(String, Int32, String)] {
        let run = try shell("set +e; \(script)", in: folder, status: status)
        #expect(run.errors.contains(complaint), "\(script): \(run.errors)")
      }
    }
  }

  @Test("Relative paths work in a folder named in Latin-1, and behind links")
  func workingFolder() throws {
    try withData { folder in
      let run = try shell(
        """
        mkdir elsewhere; ln -s "../$cafe/train" elsewhere/link; cd elsewhere
        "$TOOL" train --data link/.. --model mlp --threads 1 --epochs 1 --quiet \
          --output "link/../../$chats" >&2
        cd "../$chats"
        "$TOOL" evaluate --model model.safetensors --data "../$cafe" --json
        cd "../$cafe/test"
        "$TOOL" predict --model "../../$chats/model.safetensors" . chiens
        cd ../..; test -s "$chats/model.safetensors"; test ! -e "elsewhere/$chats"
        """, in: folder)
      let objects = try run.objects()
      #expect(objects.first?["examples"] as? Int == 3, "\(run.output)")
      #expect(
        objects.dropFirst().map { $0["source"] as? String } == [
          #"./ch\xE2ts/\xE9t\xE9.png"#, "./ch\\xE2ts/b.png", #"./chiens/\xE9t\xE9.png"#,
          #"chiens/\xE9t\xE9.png"#,
        ])
    }
  }

  @Test("A name that looks like the text form of another is itself on the command line")
  func literalBackslash() throws {
    try withData { folder in
      let run = try shell(
        #"""
        mkdir both; cp image.png "both/$cafe.png"
        cp image.png 'both/caf\xE9.png'; cp image.png 'both/a\b.png'
        model="$PWD/run/model.safetensors"; \#(train) --epochs 1 --output run --quiet >&2
        cd both; "$TOOL" predict --model "$model" 'caf\xE9.png' "$cafe.png" .
        rm "$cafe.png"; "$TOOL" predict --model "$model" 'caf\xE9.png'
        """#, in: folder)
      #expect(
        try run.objects().map { $0["source"] as? String } == [
          #"caf\x5CxE9.png"#, #"caf\xE9.png"#, #"./a\b.png"#, #"./caf\x5CxE9.png"#,
          #"./caf\xE9.png"#, #"caf\x5CxE9.png"#,
        ])
      #expect(try run.objects().allSatisfy { $0["error"] == nil })
    }
  }

  @Test("Made-up images are written to a TMPDIR in Latin-1, and removed")
  func temporaryFolder() throws {
    try withData { folder in
      try shell(
        """
        mkdir "$chats"
        TMPDIR="$PWD/$chats" "$TOOL" bench data --images 100 --seconds 0.01 --threads 1
        test -z "$(ls -A "$chats")"
        TMPDIR="$PWD/$chats/no" "$TOOL" bench data --images 100 2> error || test $? = 73
        grep -F 'ch\\xE2ts/no/needletail-bench-' error
        test "$(ls -A | wc -l)" = 4
        """, in: folder)
    }
  }

  @Test("Names and paths that are too long are refused with a word")
  func tooLong() throws {
    try withData { folder in
      let run = try shell(
        """
        long=$(printf '%0255d' 0); set +e
        "$TOOL" train --data "$cafe" --model mlp --epochs 1 --threads 1 --output "$long" --quiet
        echo $?
        "$TOOL" train --data "$cafe" --output "${long}0"; echo $?
        "$TOOL" train --data "$cafe" --output "$long/$long/$long/$long/$long/$long/$long/$long/$long\
        /$long/$long/$long/$long/$long/$long/$long/$long"; echo $?
        "$TOOL" train --data "${long}0"; echo $?
        "$TOOL" inspect "${long}0"; echo $?
        """, in: folder)
      #expect(run.lines.filter { $0.utf8.count < 4 } == ["0", "73", "73", "66", "66"])
      #expect(run.errors.components(separatedBy: "File name too long").count == 5, "\(run.errors)")
    }
  }
}

variables {
  speech_image   = "nvcr.io/nim/nvidia/parakeet@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  ngc_secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:ngc-AbCdEf"
  region         = "eu-central-1"
}

run "nim" {
  command = plan

  assert {
    condition     = contains(yamldecode(output.text).runcmd[1], "riva-nim.service")
    error_message = "The NIM's unit must be enabled."
  }
  assert {
    condition     = strcontains(yamldecode(output.text).write_files[0].content, "SPEECH_IMAGE=${var.speech_image}\n")
    error_message = "release.env must pin the image."
  }
  assert {
    condition     = length(output.text) < 16384 && !strcontains(output.text, "$" + "{")
    error_message = "EC2 takes 16 KB, with all values filled in."
  }
}

run "legacy" {
  command = plan
  variables {
    server = "legacy"
  }

  assert {
    condition     = contains(yamldecode(output.text).runcmd[1], "riva-legacy.service")
    error_message = "The unit of Riva 2.x must be enabled."
  }
}

run "tags_are_refused" {
  command = plan
  variables {
    speech_image  = "nvcr.io/nim/nvidia/parakeet:latest"
    gateway_image = "riva-bench:1"
  }
  expect_failures = [var.speech_image, var.gateway_image]
}

run "other_servers_and_keys_in_the_place_of_arns_are_refused" {
  command = plan
  variables {
    server         = "triton"
    ngc_secret_arn = "nvapi-key"
  }
  expect_failures = [var.server, var.ngc_secret_arn]
}

# One GPU host, as deploy/aws/riva-host.yaml makes it. Tested: checkov, inputs against those of the template. Not tested: tofu fmt and test
# (test/aws/tofu.test.ts runs them where TOFU names a tofu), validate, plan and apply (docs/aws.md).

terraform {
  required_version = ">= 1.8"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0, < 7.0"
    }
  }
}

data "aws_region" "here" {}

data "aws_partition" "here" {}

data "aws_ami" "host" {
  filter {
    name   = "image-id"
    values = [var.ami_id]
  }
}

data "aws_subnet" "host" {
  id = var.subnet_id
}

module "user_data" {
  source = "./user-data"

  server              = var.server
  speech_image        = var.speech_image
  gateway_image       = var.gateway_image
  node_exporter_image = var.node_exporter_image
  gpu_exporter_image  = var.gpu_exporter_image
  nim_tags_selector   = var.nim_tags_selector
  ngc_secret_arn      = var.ngc_secret_arn
  region              = data.aws_region.here.name
}

resource "aws_iam_role" "host" {
  name_prefix = "${var.name}-"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy_attachment" "host" {
  # Systems Manager in the place of SSH; images of a registry of one's own.
  for_each = toset(["AmazonSSMManagedInstanceCore", "AmazonEC2ContainerRegistryPullOnly"])

  role       = aws_iam_role.host.name
  policy_arn = "arn:${data.aws_partition.here.partition}:iam::aws:policy/${each.key}"
}

resource "aws_iam_role_policy" "ngc_key" {
  name = "ngc-key"
  role = aws_iam_role.host.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = var.ngc_secret_arn }]
  })
}

resource "aws_iam_instance_profile" "host" {
  name_prefix = "${var.name}-"
  role        = aws_iam_role.host.name
}

locals {
  ports = {
    "gRPC"                       = 50051
    "HTTP of a NIM"              = 9000
    "Triton metrics of Riva 2.x" = 8002
    "gateway"                    = 8080
    "node exporter"              = 9100
    "GPU exporter"               = 9400
  }
}

resource "aws_security_group" "host" {
  name_prefix = "${var.name}-"
  description = "Recogniser, gateway and metrics; closed unless allowed_cidr names a range"
  vpc_id      = data.aws_subnet.host.vpc_id

  dynamic "ingress" {
    for_each = var.allowed_cidr == "" ? {} : local.ports
    content {
      description = ingress.key
      protocol    = "tcp"
      from_port   = ingress.value
      to_port     = ingress.value
      cidr_blocks = [var.allowed_cidr]
    }
  }

  egress {
    description = "registries and AWS"
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_instance" "host" {
  ami                         = var.ami_id
  instance_type               = var.instance_type
  iam_instance_profile        = aws_iam_instance_profile.host.name
  subnet_id                   = var.subnet_id
  vpc_security_group_ids      = [aws_security_group.host.id]
  associate_public_ip_address = var.public_address
  ebs_optimized               = true
  monitoring                  = true
  user_data                   = module.user_data.text
  # User data is read once: releases are changed by bench rollout, all else makes a new host.
  user_data_replace_on_change = true

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  root_block_device {
    volume_type           = "gp3"
    volume_size           = var.disk_gigabytes
    encrypted             = true
    delete_on_termination = true
  }

  tags = { Name = var.name }

  lifecycle {
    precondition {
      condition     = data.aws_ami.host.architecture == "x86_64"
      error_message = "NIMs are made for x86_64."
    }
  }
}
